import { expect, test } from 'vitest';
import { filesIn } from './building.ts';

/* What an event is about stands in a column (events.noun): whoever asked by a pattern over its type kept a list of nouns of his own. */
const BY_PATTERN: [RegExp, string][] = [
	[/\btype\}?\s*(?:!?~\*?|(?:not\s+)?i?like)\s*'[\^(]{0,2}[a-z]/i, 'a pattern over the type'],
	[/\bsplit_part\([^,)]{0,30}\btype\b/i, 'the first word of the type'],
	[/\btype\.(?:startsWith|split)\('/, 'the first word of the type'],
];

const faultsOf = (text: string) =>
	BY_PATTERN.filter(([pattern]) => pattern.test(text)).map(([, why]) => why);

test('nothing asks by a pattern which nouns an event is about', () => {
	for (const { path, text } of filesIn('src', '.ts'))
		expect([path, faultsOf(text)]).toEqual([path, []]);
});

test.each([
	"where e.type ~ '^(tag|kind)\\.'",
	"sql`type like 'person.%'`",
	"{t.type} like 'team.%'",
	"split_part(e.type, '.', 1) = 'deal'",
	"event.type.startsWith('deal.')",
	"type.split('.')[0]",
])('%s would be found', (text) => {
	expect(faultsOf(text)).not.toEqual([]);
});
