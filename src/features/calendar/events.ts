/*
 * What can happen of calendars.
 */

export type CalendarEvent =
	| { type: 'calendar.connected' | 'calendar.disconnected'; data: Record<string, never> }
	| {
			type: 'calendar.answered';
			data: { answer: 'allow' | 'keep'; cancelled: number; removed: number };
	  }
	| { type: 'calendar.undone'; data: { roundId: number } };

export type FeedEvent = { type: 'feed.made' | 'feed.revoked'; data: Record<string, never> };

declare module '#src/events.ts' {
	interface Events {
		calendar: CalendarEvent;
		feed: FeedEvent;
	}
}
