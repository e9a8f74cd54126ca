import type { Language } from '#src/platform/i18n/translate.ts';
import { StartFault } from '#src/platform/start-fault.ts';
import { ENGLISH } from './messages-en.ts';

/**
 * What the import tells of files and rows, at the console and in the browser. English ones stand in
 * messages-en.ts: two hundred sentences of one feature would drown the locale files of the screens.
 */
const MESSAGES = {
	// A file that is refused whole.
	'file.absent': 'файла нет или он не читается ({code})',
	'file.kind': 'это не CSV и не XLSX',
	'file.bankStatement':
		'это выписка банка (1CClientBankExchange), а здесь загружаются таблицы CSV и XLSX',
	'file.commerceML': 'это обмен с 1С (CommerceML), а здесь загружаются таблицы CSV и XLSX',
	'file.xml': 'это XML, а здесь загружаются таблицы CSV и XLSX',
	'file.calendar':
		'это календарь (.ics), а здесь загружаются таблицы CSV и XLSX: пришлите его на странице «Календарь»',
	'file.cards':
		'это визитки (.vcf), а здесь загружаются таблицы CSV и XLSX: пришлите их на странице «Клиенты»',
	'file.oldExcel': 'это старый формат Excel (.xls): сохраните файл как .xlsx или .csv',
	'file.empty': 'файл пуст',
	'file.onlyHeader': 'в файле есть заголовки, но нет ни одной строки',
	'file.binary': 'внутри двоичные данные, а не текст',
	'file.mixedEncodings':
		'строка {line} записана не в той кодировке, что строка {other}: в файле смешаны UTF-8 и другая кодировка',
	'file.brokenUtf8': 'строка {line} повреждена: это не UTF-8, хотя файл начинается как UTF-8',
	'file.brokenUtf16': 'файл повреждён: это не UTF-16, хотя начинается как UTF-16',
	'file.longLine': 'строка {line} длиннее {limit} МБ; возможно, в ней не закрыта кавычка',
	'file.openQuote': 'кавычка не закрыта, файл кончился на строке {line}',
	'file.broken': 'файл не разбирается: {reason}',
	'file.tooBig': 'файл больше {limit}',
	'file.tooManyRows': 'строк больше {limit}: разделите файл',
	'file.tooManyColumns': 'столбцов {count}, а разрешено {limit}',
	'file.headerAbsent': 'в строке заголовков столбец {position} без названия',
	'file.headerForbidden': 'столбец не может называться «{header}»: переименуйте его',
	'file.stopped': 'программа споткнулась на строках после {line}; что загружено, осталось',
	'file.notZip': 'это не XLSX: архив повреждён',
	'file.zipEncrypted': 'XLSX защищён паролем: снимите защиту',
	'file.zipTooBig': 'XLSX в распакованном виде больше {limit} МБ',
	'file.zipTooMany': 'в XLSX слишком много частей ({count})',
	'file.sheetBroken':
		'первый лист не разбирается ({reason}): откройте файл в Excel и сохраните заново',
	'file.sheetDeep':
		'в XLSX элементы вложены глубже {limit} уровней: откройте файл в Excel и сохраните заново',
	'file.sheetLarge': 'в листе XLSX больше {limit} ячеек: разделите файл',
	'file.sheetMemory': 'лист XLSX не помещается в память: разделите файл или сохраните его как .csv',
	'file.sheetSlow':
		'лист XLSX читается дольше {limit} с: разделите файл или сохраните его как .csv',
	'file.sheetText': 'текста в листе XLSX больше {limit} МБ: разделите файл',
	'file.rejectedUnwritable':
		'Отклонённые строки не записать в {path} ({code}): укажите другую папку, --rejected ПАПКА.',
	'file.noSheet': 'в XLSX нет ни одного листа',

	// A mapping that is refused.
	'mapping.absent': 'Сопоставление {file} не читается ({code}).',
	'mapping.notJson': 'Сопоставление {file} – не JSON: {reason}.',
	'mapping.wrong': 'Сопоставление {file} составлено неверно:\n{faults}',
	'mapping.none':
		'Ни один файл не подошёл ни к одному сопоставлению, и по заголовкам не узнать, что в нём. Скажите, что это (--what clients), или укажите своё сопоставление (--mapping ФАЙЛ; его форма – в src/features/imports/mappings/README.md).',
	'mapping.noMatch': 'Файл {file} не подходит к сопоставлению «{mapping}»: нет столбцов {columns}.',
	'mapping.pipeline': 'В программе нет сценария продажи «{name}».',
	'mapping.stage': 'В сценарии «{pipeline}» нет открытого состояния «{name}».',

	// A row that is rejected.
	'row.width': 'в строке {count} ячеек, а столбцов {expected}',
	'row.noKey': 'пусто то, по чему строка узнаётся: {columns}',
	'row.longKey': 'ключ длиннее {limit} знаков',
	'row.sameKey': 'такая запись уже была на строке {line}',
	'row.differs': 'расходится со строкой {line}, где стоит «{other}»',
	'row.claimed': 'на ту же запись уже указала строка {line}',
	'row.ambiguous': 'в базе несколько записей «{text}»: непонятно, какую менять',
	'row.required': 'не заполнено',
	'row.notFound': '«{text}»: {absent}',
	'row.foundMany': '«{text}» подходит к нескольким ({noun})',
	'row.dealArchived':
		'интерес в архиве, там ничего не меняют: верните его из архива и пришлите строку ещё раз',
	'row.dealMerged': 'интерес объединён с интересом № {id}: изменения вносите в него',
	'row.damaged': 'текст повреждён (знаки, которых не должно быть)',
	'row.excelError': 'в ячейке ошибка Excel {text}',
	'row.tooLong': 'длиннее {limit} знаков',
	'row.notMoney': '«{text}» – не сумма',
	'row.moneyPrecise': '«{text}»: больше двух знаков после запятой',
	'row.moneyLarge': '«{text}»: больше 13 знаков до запятой',
	'row.moneyNegative': '«{text}»: сумма меньше нуля',
	'row.notDay': '«{text}» – не дата (ждём 31.12.2026, 31-12-26, 2026-12-31 или «31 декабря 2026»)',
	'row.noSuchDay': '«{text}»: такого дня нет',
	'row.dayRange': '«{text}»: год вне {from}–{to}',
	'row.notPercent': '«{text}» – не целое число от 0 до 100',
	'row.notCurrency': '«{text}» – не код валюты из трёх латинских букв',
	'row.notOneOf': '«{text}» – не одно из: {allowed}',
	'row.notLogin': '«{text}» – не имя для входа (латинские строчные буквы, цифры, точка, дефис)',
	'row.loginTaken': 'имя для входа «{text}» занято',
	'row.notEmail': '«{text}» – не адрес почты',
	'row.notZone': '«{text}» – не часовой пояс (например, Europe/Moscow)',
	'row.requisiteDigits': '«{text}»: должно быть цифр: {digits}',
	'row.ownerLeft': 'ответственный здесь больше не работает',
	'row.clientGone': 'клиента удалили, пока шла загрузка: пришлите строку ещё раз',
	'row.ownParent': 'команда не может входить в саму себя',
	'row.grantsMore':
		'прав в строке больше, чем у вас: роль или учётную запись меняет тот, у кого есть всё, что она даёт',
	'row.lastGiver': 'последний, кто заводит людей и роли: передайте это право другому',
	'row.headWithoutTeam': 'руководитель без команды',
	'row.closedWithoutDay': 'состояние «{stage}» – завершённое, а дата закрытия не указана',
	'row.dayWithoutClosed': 'дата закрытия указана, а состояние «{stage}» – рабочее',
	'row.closedBeforeBegun': 'закрыто {closed}, раньше, чем начато {begun}',
	'row.begunInFuture': 'создано {begun}: этот день ещё не наступил',
	'row.closedInFuture': 'закрыто {closed}: этот день ещё не наступил',
	'row.notPhone': '«{text}» – не телефон',
	'row.notNumber': '«{text}» – не число',
	'row.tooMany': 'больше {limit} значений в одной ячейке',
	'row.foreign': 'такая запись уже есть, но она не ваша: обратитесь к руководителю',
	'row.ownerForeign': 'ответственным здесь можно указать только себя или того, кто вам подчинён',
	'row.mayNotReassign': 'сменить ответственного может руководитель',
	'row.doneInFuture': '«{text}»: сделанное не может быть в будущем',
	'row.noSubject': 'не указано, с кем или по какому интересу',
	'row.alreadyThere': 'такая запись уже есть',
	'row.reasonWithoutLoss': 'причина неудачи указана, а состояние «{stage}» – не неудача',
} as const;

export type MessageKey = keyof typeof MESSAGES;
export type MessageArgs = Record<string, string | number>;

/** Why a row is rejected; `column` is the heading of the cell that is to blame. */
export type Reason = { column?: string; key: MessageKey; args: MessageArgs };

/** Words that stand in sentences, by what stands for them among the arguments. */
const WORDS: Record<string, Record<Language, string>> = {
	'allowed.yesNo': { ru: 'да, нет', en: 'yes, no' },
	'absent.clients': { ru: 'не найден клиент', en: 'no such client' },
	'absent.deals': { ru: 'не найден интерес', en: 'no such deal' },
	'absent.kinds': { ru: 'не найден вид взаимодействия', en: 'no such interaction kind' },
	'absent.lossReasons': { ru: 'не найдена причина неудачи', en: 'no such loss reason' },
	'absent.people': { ru: 'не найден сотрудник', en: 'no such person' },
	'absent.products': { ru: 'не найден товар', en: 'no such product' },
	'absent.stages': { ru: 'не найдено состояние', en: 'no such state' },
	'absent.teams': { ru: 'не найдена команда', en: 'no such team' },
	'noun.clients': { ru: 'клиент', en: 'client' },
	'noun.deals': { ru: 'интерес', en: 'deal' },
	'noun.kinds': { ru: 'вид взаимодействия', en: 'interaction kind' },
	'noun.lossReasons': { ru: 'причина неудачи', en: 'loss reason' },
	'noun.people': { ru: 'сотрудник', en: 'person' },
	'noun.products': { ru: 'товар', en: 'product' },
	'noun.stages': { ru: 'состояние', en: 'state' },
	'noun.teams': { ru: 'команда', en: 'team' },
};

const SHOWN = 80;

/** The sentence for `key` with its arguments filled in; long ones are cut to 80 characters. */
export function sentence(
	key: MessageKey,
	args: MessageArgs = {},
	language: Language = 'ru',
): string {
	const message = language === 'ru' ? MESSAGES[key] : ENGLISH[key];
	return message.replace(/\{(\w+)\}/g, (_, name: string) => {
		// What is absent is a noun in a sentence of its own: genders differ.
		const value = args[name === 'absent' ? 'noun' : name] ?? '';
		if (typeof value === 'number') return number(value, language);
		const word = WORDS[`${name}.${value}`];
		if (word) return word[language];
		return name === 'faults' || value.length <= SHOWN ? value : `${value.slice(0, SHOWN - 1)}…`;
	});
}

/** The sentence of a rejected row, with the column in front where one is to blame. */
export function reasonSentence({ column, key, args }: Reason, language: Language = 'ru'): string {
	const said = sentence(key, args, language);
	return column ? `${column}: ${said}` : said;
}

const whole = { ru: new Intl.NumberFormat('ru'), en: new Intl.NumberFormat('en-GB') };

/** A whole number as it is written: «8 800». */
export function number(value: number, language: Language = 'ru'): string {
	return whole[language].format(value);
}

/** Why a file as a whole cannot be read. */
export type Fault = { key: MessageKey; args: MessageArgs };

/** A file that cannot be read as a whole: nothing of it is written. */
export class FileFault extends StartFault {
	readonly fault: Fault;
	constructor(key: MessageKey, args: MessageArgs = {}) {
		super(sentence(key, args));
		this.fault = { key, args };
	}
}

/** A mapping, or a choice of one, that cannot be used: nothing is read. */
export class MappingFault extends StartFault {
	constructor(key: MessageKey, args: MessageArgs = {}) {
		super(sentence(key, args));
	}
}
