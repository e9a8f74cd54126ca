import fastifyView from '@fastify/view';
import { Eta } from 'eta';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { FOLDERS } from '#src/config.ts';
import {
	formatDay,
	formatMoment,
	formatSpan,
	formatTime,
	type Viewer,
} from '#src/platform/i18n/dates.ts';
import {
	currencySymbol,
	formatMoney,
	formatNumber,
	moneyForInput,
} from '#src/platform/i18n/money.ts';
import { type MessageArgs, type MessageKey, translate } from '#src/platform/i18n/translate.ts';
import type { Assets } from './assets.ts';

type Data = Record<string, unknown>;

declare module 'fastify' {
	interface FastifyReply {
		/** Draws a page: a template with a layout. */
		page(template: string, data: Data): Promise<string>;
		/** Draws a response: a list of replaced fragments for htmx. */
		fragments(template: string, data: Data): Promise<string>;
	}
	interface FastifyRequest {
		/** Who reads this answer: language, zone, what day it is for them. */
		viewer: Viewer;
	}
}

/** What templates may call. The names stand in HEADER too: Eta gives them to every template. */
function viewHelpers(eta: Eta, assets: Assets, viewer: Viewer, page: Data) {
	const { language } = viewer;
	const h = {
		page,
		viewer,
		t: (key: MessageKey, args?: MessageArgs) => translate(language, key, args),
		money: (amount: string, currency: string) => formatMoney(language, amount, currency),
		moneyInput: (amount: string | null) => moneyForInput(language, amount),
		symbol: (currency: string) => currencySymbol(language, currency),
		number: (value: number) => formatNumber(language, value),
		day: (value: string, near?: boolean) => formatDay(value, viewer, near),
		moment: (value: Date, near?: boolean) => formatMoment(value, viewer, near),
		time: (value: Date) => formatTime(value, viewer),
		span: (seconds: number) => formatSpan(seconds, language),
		asset: assets.url,
		/** One symbol of the sprite; the name is ours or checked against it. */
		icon: (name: string) =>
			/^[a-z-]+$/.test(name)
				? `<svg class="icon" aria-hidden="true"><use href="${assets.url('icons.svg')}#${name}"/></svg>`
				: '',
		/** A fragment by its name, with nothing but the data given: no parent's values leak in. */
		partial: (name: string, data: Data = {}): string => eta.render(`/${name}`, { h, ...data }),
		/** One entry of a response: replace the element with this id by morphing. */
		replace: (id: string, html: string, swap = 'outerMorph') =>
			`<hx-partial hx-target="#${id}" hx-swap="${swap}">${html}</hx-partial>`,
	};
	return h;
}

const HEADER =
	'const {page,viewer,t,money,moneyInput,symbol,number,day,moment,time,span,asset,icon,partial,replace}=it.h;';

/** Sets up Eta behind reply.page and reply.fragments. `layoutData` is what every layout shows. */
export async function setUpViews(
	app: FastifyInstance,
	assets: Assets,
	layoutData: (reply: FastifyReply) => Data,
): Promise<void> {
	const eta = new Eta({
		views: FOLDERS.views,
		cache: true,
		functionHeader: HEADER,
		autoTrim: [false, 'nl'],
	});
	// Without `production` the plugin turns Eta's cache off again, and every card is compiled anew.
	await app.register(fastifyView, {
		engine: { eta },
		root: FOLDERS.views,
		viewExt: 'eta',
		production: true,
	});
	async function draw(this: FastifyReply, template: string, data: Data): Promise<string> {
		const h = viewHelpers(eta, assets, this.request.viewer, layoutData(this));
		this.header('cache-control', 'no-store').type('text/html; charset=utf-8');
		return await this.viewAsync(template, { h, ...data });
	}
	app.decorateReply('page', draw);
	app.decorateReply('fragments', draw);
}
