/** A browser that follows nothing by itself: cookies by host and port, as few rules as sign-ins need. */
export type Web = {
	get: (url: string) => Promise<Page>;
	post: (url: string, fields: Record<string, string>) => Promise<Page>;
	/** Follows redirects from an address until a page, or until an address that `stop` knows. */
	follow: (url: string, stop?: (url: string) => boolean) => Promise<Page>;
	cookies: Map<string, string>;
};

export type Page = {
	status: number;
	url: string;
	location: string | null;
	body: string;
	headers: Headers;
};

const MOST_STEPS = 12;

/** A fresh browser without cookies; `headers` go with every request, as a proxy in front would add them. */
export function web(headers: Record<string, string> = {}): Web {
	const cookies = new Map<string, string>();
	const send = async (url: string, init: RequestInit = {}): Promise<Page> => {
		const { host } = new URL(url);
		const own = [...cookies].filter(([name]) => name.startsWith(`${host} `));
		const cookie = own.map(([name, value]) => `${name.split(' ')[1]}=${value}`).join('; ');
		const answer = await fetch(url, {
			...init,
			redirect: 'manual',
			headers: { ...headers, ...(cookie && { cookie }), ...(init.headers as object) },
		});
		for (const line of answer.headers.getSetCookie()) {
			const [pair = '', ...rest] = line.split(';');
			const [name = '', value = ''] = [
				pair.slice(0, pair.indexOf('=')),
				pair.slice(pair.indexOf('=') + 1),
			];
			const gone = rest.some((part) => /max-age=0$|expires=thu, 01 jan 1970/i.test(part.trim()));
			if (gone) cookies.delete(`${host} ${name.trim()}`);
			else cookies.set(`${host} ${name.trim()}`, value);
		}
		const location = answer.headers.get('location');
		return {
			status: answer.status,
			url,
			location: location === null ? null : new URL(location, url).href,
			body: await answer.text(),
			headers: answer.headers,
		};
	};
	const get = (url: string) => send(url);
	return {
		cookies,
		get,
		post: (url, fields) =>
			send(url, {
				method: 'POST',
				body: new URLSearchParams(fields).toString(),
				headers: { 'content-type': 'application/x-www-form-urlencoded' },
			}),
		follow: async (url, stop = () => false) => {
			let page = await get(url);
			for (let step = 0; page.location !== null && step < MOST_STEPS; step += 1) {
				if (stop(page.location)) return page;
				page = await get(page.location);
			}
			return page;
		},
	};
}
