import ICAL from 'ical.js';
import { DateTime, IANAZone } from 'luxon';
import { type Component, componentsOf, contentText, isComponent, lineNamed } from './content.ts';
import { WINDOWS_ZONES } from './windows-zones.ts';

/** A clock on a wall: which moment it means, and what it shows at one, as `2026-12-14T10:00:00`. */
export type Clock = { momentOf: (wall: string) => Date; wallOf: (at: Date) => string };

const WALL = "yyyy-MM-dd'T'HH:mm:ss";

/** The clock of a zone that Luxon knows: a name of the IANA, or `UTC+3`. */
export function clockOf(zone: string): Clock {
	return {
		momentOf: (wall) => DateTime.fromISO(wall, { zone }).toJSDate(),
		wallOf: (at) => DateTime.fromJSDate(at, { zone }).toFormat(WALL),
	};
}

/**
 * The clock of a zone as a file names it: by the name of the IANA that is meant, where one is, for the world's rules
 * are newer than the file's; else by the rules that the file brings; else by the distance from Greenwich in its
 * name. Null for a name that says nothing.
 */
export function clockNamed(name: string, calendar: Component): Clock | null {
	const known = CLOCKS.get(calendar) ?? new Map<string, Clock | null>();
	CLOCKS.set(calendar, known);
	const clock = known.get(name);
	if (clock !== undefined) return clock;
	const found = lookedUp(name, calendar);
	known.set(name, found);
	return found;
}

// A file names one zone with each of its times.
const CLOCKS = new WeakMap<Component, Map<string, Clock | null>>();

function lookedUp(name: string, calendar: Component): Clock | null {
	const rules = rulesOf(name, calendar);
	const located = rules && lineNamed(rules, 'X-LIC-LOCATION')?.value.trim();
	const known = knownZone(name) ?? (located ? knownZone(located) : null);
	if (known !== null) return clockOf(known);
	return (rules && clockOfRules(rules)) ?? offsetIn(name);
}

const isZone = (name: string) => /^[A-Za-z]/.test(name) && IANAZone.isValidZone(name);

function knownZone(name: string): string | null {
	if (isZone(name)) return name;
	const windows = WINDOWS_ZONES[name.replace(/ (Standard|Daylight|Summer) Time\b/, '').trim()];
	return windows ?? zoneAtEnd(name) ?? cityIn(name);
}

// As old programs wrote it: /freeassociation.sourceforge.net/Tzfile/Europe/Paris.
function zoneAtEnd(name: string): string | null {
	const parts = name.split('/');
	for (const length of [3, 2]) {
		const end = parts.slice(-length).join('/');
		if (parts.length > length && isZone(end)) return end;
	}
	return null;
}

/** What Windows calls a city otherwise than the world does. */
const CITIES: Record<string, string> = {
	Ekaterinburg: 'Asia/Yekaterinburg',
	'St. Petersburg': 'Europe/Moscow',
	Volgograd: 'Europe/Volgograd',
	Kyiv: 'Europe/Kiev',
	Astana: 'Asia/Almaty',
	'Petropavlovsk-Kamchatsky': 'Asia/Kamchatka',
	'New Delhi': 'Asia/Kolkata',
	Beijing: 'Asia/Shanghai',
	'Eastern Time': 'America/New_York',
	'Central Time': 'America/Chicago',
	'Mountain Time': 'America/Denver',
	'Pacific Time': 'America/Los_Angeles',
};

// «(UTC+01:00) Amsterdam, Berlin, Bern»: the first city that lies there in winter or in summer.
function cityIn(name: string): string | null {
	const offset = minutesIn(name);
	if (offset === null) return null;
	const cities = name.slice(name.indexOf(')') + 1).split(',');
	for (const city of cities.map((one) => one.replace(/\(.*$/, '').trim())) {
		const zone = CITIES[city] ?? zoneOfCity(city);
		if (zone && offsetsOf(zone).includes(offset)) return zone;
	}
	return null;
}

const ALL_ZONES = Intl.supportedValuesOf('timeZone');

function zoneOfCity(city: string): string | undefined {
	const end = `/${city.replaceAll(' ', '_')}`;
	return city === '' ? undefined : ALL_ZONES.find((zone) => zone.endsWith(end));
}

const offsetsOf = (zone: string) =>
	[1, 7].map((month) => DateTime.fromObject({ year: 2026, month }, { zone }).offset);

// GMT+03:00, (UTC+01:00) …, UTC-5; not Etc/GMT+3, whose sign is the other way round.
function minutesIn(name: string): number | null {
	const [, sign, hours, minutes = '0'] =
		/^\(?(?:GMT|UTC)?\s?([+-])(\d{1,2})[:.]?(\d\d)?(?:\)|$)/.exec(name.trim()) ?? [];
	if (sign === undefined) return /^\(?(GMT|UTC)(\)|$)/.test(name.trim()) ? 0 : null;
	const distance = Number(hours) * 60 + Number(minutes);
	return distance > 14 * 60 ? null : sign === '-' ? -distance : distance;
}

function offsetIn(name: string): Clock | null {
	const minutes = minutesIn(name);
	if (minutes === null) return null;
	const [hours, rest] = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60];
	return clockOf(`UTC${minutes < 0 ? '-' : '+'}${hours}${rest ? `:${rest}` : ''}`);
}

function rulesOf(name: string, calendar: Component): Component | null {
	const zones = componentsOf(calendar, 'VTIMEZONE');
	return zones.find((zone) => lineNamed(zone, 'TZID')?.value.trim() === name) ?? null;
}

const MOST_RULES = 200;

// A file's rules are worked out by ical.js, and only such as change once a year: it would count seconds to the end.
function clockOfRules(rules: Component): Clock | null {
	const observed = rules.parts.filter(isComponent);
	const yearly = observed.every(({ parts }) =>
		parts.every(
			(part) => isComponent(part) || part.name !== 'RRULE' || /FREQ=YEARLY/i.test(part.value),
		),
	);
	if (!yearly || observed.length === 0 || observed.length > MOST_RULES) return null;
	try {
		const read: unknown = ICAL.parse(contentText(rules));
		const component = new ICAL.Component(read as ConstructorParameters<typeof ICAL.Component>[0]);
		const zone = new ICAL.Timezone({ component, tzid: 'its own' });
		const momentOf = (wall: string) => {
			const time = ICAL.Time.fromString(wall, undefined);
			time.zone = zone;
			return time.toJSDate();
		};
		const wallOf = (at: Date) =>
			ICAL.Time.fromJSDate(at, true).convertToZone(zone).toString().slice(0, 19);
		// What it stumbles over shows now, and not at the first time that is asked for.
		return wallOf(momentOf('2026-01-01T00:00:00')) === '2026-01-01T00:00:00'
			? { momentOf, wallOf }
			: null;
	} catch {
		return null;
	}
}
