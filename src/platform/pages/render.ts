import { randomUUID } from 'node:crypto';
import fastifyView from '@fastify/view';
import { Eta } from 'eta';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { FOLDERS } from '#src/config.ts';
import type { Assets } from '#src/platform/http/assets.ts';
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
import { saidOnce } from '#src/platform/i18n/said.ts';
import { type MessageArgs, type MessageKey, translate } from '#src/platform/i18n/translate.ts';
import { undoPath } from './undo.ts';

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

type Drawing = {
	assets: Assets;
	icon: (name: string) => string;
	fragment: (name: string, data: Data) => string;
};

// A board draws some hundred cards with five symbols each: paths and addresses are worked out once.
function drawingWith(eta: Eta, assets: Assets): Drawing {
	const templates = new Map<string, ReturnType<Eta['compile']>>();
	const icons = new Map<string, string>();
	return {
		assets,
		icon: (name) => remembered(icons, name, () => iconMarkup(assets, name)),
		fragment: (name, data) =>
			eta.render(
				remembered(templates, name, () => eta.compile(readTemplate(eta, name))),
				data,
			),
	};
}

function remembered<T>(made: Map<string, T>, name: string, make: () => T): T {
	const known = made.get(name);
	if (known !== undefined) return known;
	const fresh = make();
	made.set(name, fresh);
	return fresh;
}

function readTemplate(eta: Eta, name: string): string {
	return eta.readFile?.(eta.resolvePath?.(`/${name}`) ?? name) ?? '';
}

// The name is ours or checked against it.
function iconMarkup(assets: Assets, name: string): string {
	if (!/^[a-z-]+$/.test(name)) return '';
	return `<svg class="icon" aria-hidden="true"><use href="${assets.url('icons.svg')}#${name}"/></svg>`;
}

/** What templates may call. The names stand in HEADER too: Eta gives them to every template. */
function viewHelpers({ assets, icon, fragment }: Drawing, viewer: Viewer, page: Data) {
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
		/** A kind and its words, once where they are the same. */
		said: saidOnce,
		span: (seconds: number) => formatSpan(seconds, language),
		asset: assets.url,
		/** A new key for a form that makes something: see platform/idempotency. */
		newKey: randomUUID,
		undoPath,
		/** One symbol of the sprite, by its name. */
		icon,
		/** A fragment by its name, with nothing but the data given: no parent's values leak in. */
		partial: (name: string, data: Data = {}): string => fragment(name, { h, ...data }),
		/** One entry of a response: replace the element with this id by morphing. */
		replace: (id: string, html: string, swap = 'outerMorph') =>
			`<hx-partial hx-target="#${id}" hx-swap="${swap}">${html}</hx-partial>`,
	};
	return h;
}

const HEADER =
	'const {page,viewer,t,money,moneyInput,symbol,number,day,moment,time,said,span,asset,newKey,undoPath,icon,partial,replace}=it.h;';

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
	const drawing = drawingWith(eta, assets);
	async function draw(this: FastifyReply, template: string, data: Data): Promise<string> {
		const h = viewHelpers(drawing, this.request.viewer, layoutData(this));
		this.header('cache-control', 'no-store').type('text/html; charset=utf-8');
		return await this.viewAsync(template, { h, ...data });
	}
	app.decorateReply('page', draw);
	app.decorateReply('fragments', draw);
}
