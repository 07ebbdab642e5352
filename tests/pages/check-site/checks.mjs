// SPDX-License-Identifier: GPL-2.0-only
// Each check returns what is wrong, a sentence each: nothing, if all is well.

import { axeSource, closePage, openPage, placeOf } from "./browser.mjs";

const PAGE = "UFFDIO_MOVE.2const.html";
const WIDTHS = [360, 768, 1440];
const DEBIAN = "https://manpages.debian.org/";
const PATIENCE = { timeout: 2000 };

/* Of every page */

async function links(page, site) {
	const urls = await page.evaluate(() => [...document.links].map((link) => link.href));
	return [...new Set(urls.map((url) => placeOf(site, url)))]
		.filter((place) => !site.places.has(place) && !place.startsWith(DEBIAN))
		.map((place) => `a link to nothing: ${place}`);
}

// Until the page has settled.
async function resize(page, wide) {
	await page.setViewportSize({ width: wide, height: 900 });
	await page.evaluate(() => new Promise((done) =>
		requestAnimationFrame(() => requestAnimationFrame(done))));
}

async function width(page) {
	const wrong = [];
	for (const wide of WIDTHS) {
		await resize(page, wide);
		const over = await page.evaluate(() => {
			const { scrollWidth, clientWidth } = document.documentElement;
			return scrollWidth - clientWidth;
		});
		if (over > 0)
			wrong.push(`${over} pixels too wide at ${wide}`);
	}
	return wrong;
}

async function axe(page) {
	const wrong = [];
	await page.evaluate(axeSource);
	for (const [colorScheme, wide] of [["light", 1440], ["dark", 360]]) {
		await page.emulateMedia({ colorScheme });
		await resize(page, wide);
		const { violations } = await page.evaluate(() =>
			window.axe.run({ resultTypes: ["violations"], preload: false }));
		wrong.push(...violations.map(({ id, nodes: [first] }) =>
			`${colorScheme}: ${id}: ${first.html} ${first.failureSummary}`));
	}
	return wrong;
}

const requests = (page) => page.outside.map((url) => `asks for ${url}`);
const complaints = (page) => page.complaints;

export const ofPages = { links, width, axe, requests, complaints };

// All of these of one page: [name of the check, what is wrong].
export async function checkPage(browser, site, file) {
	const page = await openPage(browser, site, file);
	const found = [];
	await page.evaluate(() => document.querySelectorAll("details").forEach((details) => {
		details.open = true;
	}));
	for (const [name, check] of Object.entries(ofPages))
		for (const wrong of await check(page, site))
			found.push([name, wrong]);
	await closePage(page);
	return found;
}

/* Of the site as a whole */

// What is asked for, and the first answer.
const ANSWERS = [
	["UFFDIO_MOVE(2const)", "page", "UFFDIO_MOVE.2const.html"],
	["refusals", "section", "UFFDIO_MOVE.2const.html#Refusals"],
	["ebusy", "error", "#EBUSY"],
	["UFFDIO_MOVE_MODE_DONTWAKE", "constant", "#UFFDIO_MOVE_MODE_DONTWAKE"],
	["_uffdio_move", "constant", "index.html#_UFFDIO_MOVE"],
	["page.hole", "clause", "uffdio_move_contract.7.html#page.hole"],
	["hole refused unless allowed", "clause", "uffdio_move_contract.7.html#page.hole"],
	["pinned.c", "example", "pinned.c.html"],
	["kernel which holds", "page", "kernels.html"],
	["EINVAL", "error", "UFFDIO_MOVE.2const.html#EINVAL"],
	["EAGAIN", "error", "UFFDIO_MOVE.2const.html#EAGAIN"],
	['"EBUSY",', "error", "UFFDIO_MOVE.2const.html#EBUSY"],
	["errno 16", "error", "UFFDIO_MOVE.2const.html#EBUSY"],
	["matrix", "page", "kernels.html"],
	["race", "clause", "#threads.writers"],
	["ioctl()", "page", "ioctl_userfaultfd.2.html"],
	["D15", "deviation", "kernels.html#deviation-15"],
];

async function search(browser, site) {
	const page = await openPage(browser, site, "index.html");
	const input = page.getByRole("combobox", { name: "Search" });
	const wrong = (await page.evaluate(() => SEARCH_INDEX.map((entry) => entry[2])))
		.filter((place) => !site.places.has(place))
		.map((place) => `finds what is not there: ${place}`);

	for (const [words, kind, place] of ANSWERS) {
		await input.fill(words);
		const option = page.getByRole("option").first();
		const at = await option.getAttribute("href", PATIENCE).catch(() => "nothing");
		const said = await option.locator("i").textContent(PATIENCE).catch(() => "nothing");
		if (!at.endsWith(place) || said !== kind)
			wrong.push(`"${words}" finds ${said} ${at}`);
		if (!/^\d+ results?$/.test(await page.getByRole("status").textContent()))
			wrong.push(`"${words}": the number of results is not announced`);
		if (!await page.getByText(/^\d+ of \d+$/).isVisible())
			wrong.push(`"${words}": the number of results cannot be seen`);
	}
	await page.evaluate(axeSource);
	const { violations } = await page.evaluate(() =>
		window.axe.run("header", { resultTypes: ["violations"], preload: false }));
	wrong.push(...violations.map(({ id, nodes: [first] }) => `${id}: ${first.html}`));

	const [other] = await Promise.all([
		page.context().waitForEvent("page", PATIENCE).catch(() => null),
		page.getByRole("option").first()
			.click({ modifiers: ["ControlOrMeta"], ...PATIENCE }).catch(() => {}),
	]);
	if (!other)
		wrong.push("a result is no link that can be opened beside the page");
	await page.bringToFront();
	await input.fill("zyzzyva");
	if (await page.getByRole("option").count() ||
	    await input.getAttribute("aria-expanded") !== "false")
		wrong.push("finds what there is not");
	if (await page.getByRole("status").textContent() !== "Nothing found" ||
	    !await page.locator(".results p").isVisible())
		wrong.push("does not tell that there is nothing");
	await closePage(page);
	return wrong;
}

// The option that is chosen, as the combobox tells assistive technology.
const chosen = (page) => page.evaluate(() => {
	const input = document.querySelector("[role=combobox]");
	const option = document.getElementById(input.getAttribute("aria-activedescendant"));
	return option?.getAttribute("aria-selected") === "true" ? option.id : null;
});

async function searchByKeyboard(page, site) {
	const wrong = [];
	const focused = () => page.evaluate(() => document.activeElement.getAttribute("role"));
	await page.keyboard.press("/");
	if (await focused() !== "combobox")
		wrong.push("/ does not lead to the search");
	await page.keyboard.type("page.hole");
	if (await chosen(page))
		wrong.push("something is chosen that nobody has chosen");
	await page.keyboard.press("ArrowDown");
	if (await chosen(page) !== "site-result-0")
		wrong.push("the arrow does not choose the first");
	await page.keyboard.press("ArrowDown");
	await page.keyboard.press("ArrowUp");
	if (await chosen(page) !== "site-result-0")
		wrong.push("the arrows do not lead back");
	await page.keyboard.press("Escape");
	if (await focused() === "combobox" || await page.getByRole("listbox").isVisible())
		wrong.push("Escape does not leave");
	await page.keyboard.press("/");
	await page.keyboard.type("page");
	await page.keyboard.press("Tab");
	if (!await page.evaluate(() => document.activeElement.matches(".colours")))
		wrong.push("Tab does not lead from the search to the next control");
	await page.keyboard.press("/");
	await page.keyboard.type("page.hole");
	await page.keyboard.press("ArrowDown");
	await page.keyboard.press("Enter");
	await page.waitForURL("**/*#page.hole", { timeout: 3000 })
		.catch(() => wrong.push(`Enter leads to ${placeOf(site, page.url())}`));
	return wrong;
}

async function keyboard(browser, site) {
	const page = await openPage(browser, site, PAGE);
	const wrong = [];
	const seen = new Set();

	await page.keyboard.press("Tab");
	await page.keyboard.press("Enter");
	if (await page.evaluate(() => document.activeElement.localName) !== "main")
		wrong.push("the first stop does not lead to the content");
	await page.reload();
	for (let stop = 0; stop < 400; stop++) {
		await page.keyboard.press("Tab");
		const { at, marked } = await page.evaluate(() => {
			const element = document.activeElement;
			const { outlineStyle, outlineWidth } = getComputedStyle(element);
			return {
				at: element === document.body ? "" : element.outerHTML.slice(0, 80),
				marked: outlineStyle !== "none" && parseFloat(outlineWidth) > 0,
			};
		});
		if (!at)
			break;
		seen.add(at);
		if (!marked)
			wrong.push(`no focus can be seen: ${at}`);
	}
	if (seen.size < 50)
		wrong.push(`only ${seen.size} stops`);
	wrong.push(...await searchByKeyboard(page, site));
	await closePage(page);
	return wrong;
}

// Copied is what can be pasted.
async function copyFirst(browser, site, options) {
	const page = await openPage(browser, site, PAGE, options);
	const block = page.locator(".code").first();
	const line = (await block.locator("pre").textContent()).split("\n")[0];
	// what was copied before must not pass for it
	await page.evaluate(() => getSelection().selectAllChildren(document.querySelector("h1")));
	await page.keyboard.press("Control+C");
	await block.getByRole("button", { name: "Copy this code" }).click(PATIENCE);
	await page.waitForFunction(() => document.querySelector("[role=status]").textContent, null,
		PATIENCE);
	await page.getByRole("combobox").focus();
	await page.keyboard.press("Control+V");
	const pasted = await page.getByRole("combobox").inputValue();
	const blocks = await page.locator("main pre").count();
	const buttons = await page.getByRole("button", { name: "Copy this code" }).count();
	await closePage(page);
	return [
		...pasted.startsWith(line) ? [] : [`pastes "${pasted.slice(0, 40)}"`],
		...blocks === buttons ? [] : [`${buttons} buttons for ${blocks} blocks`],
	];
}

async function copying(browser, site) {
	const without = "Object.defineProperty(navigator, 'clipboard', { value: undefined });";
	const wrong = [];
	for (const [name, before] of [["with a clipboard", ""], ["without one", without]]) {
		const found = await copyFirst(browser, site, { before })
			.catch((error) => [String(error)]);
		wrong.push(...found.map((text) => `${name}: ${text}`));
	}
	return wrong;
}

const background = (page) =>
	page.evaluate(() => getComputedStyle(document.body).backgroundColor);
const darkButton = (page) => page.getByRole("button", { name: "Dark colours" });
const NO_STORAGE =
	"Object.defineProperty(window, 'localStorage', { get() { throw new Error('no'); } });";

async function colours(browser, site) {
	const wrong = [];
	const page = await openPage(browser, site, PAGE, { colorScheme: "light" });
	const light = await background(page);
	await darkButton(page).click();
	const dark = await background(page);
	if (dark === light)
		wrong.push("the button changes nothing");
	await page.goto(`${site.root}index.html`);
	if (await background(page) !== dark)
		wrong.push("the choice is forgotten on the next page");
	if (await darkButton(page).getAttribute("aria-pressed") !== "true")
		wrong.push("the button does not tell its state");
	await closePage(page);

	const forbidden = await openPage(browser, site, PAGE,
		{ colorScheme: "light", before: NO_STORAGE });
	await darkButton(forbidden).click(PATIENCE).catch(() => {});
	if (await background(forbidden) !== dark)
		wrong.push("without storage the button changes nothing");
	wrong.push(...forbidden.complaints.map((text) => `without storage: ${text}`));
	await closePage(forbidden);
	return wrong;
}

async function withoutScript(browser, site) {
	const wrong = [];
	for (const wide of [360, 1440]) {
		const page = await openPage(browser, site, PAGE,
			{ javaScriptEnabled: false, viewport: { width: wide, height: 900 } });
		if (!await page.getByRole("heading", { name: "ERRORS" }).isVisible())
			wrong.push(`at ${wide} the text cannot be seen`);
		if (!await page.getByRole("navigation", { name: "Contents of this page" })
			.getByRole("link", { name: "ERRORS" }).isVisible())
			wrong.push(`at ${wide} the contents cannot be seen`);
		if (await page.getByRole("button").count())
			wrong.push(`at ${wide} there is a button that does nothing`);
		await closePage(page);
	}
	return wrong;
}

// What a reader sees first, and where the errors lead.
async function start(browser, site) {
	const page = await openPage(browser, site, "index.html");
	const [first, error] = await page.evaluate(() => [
		[document.querySelector("main a[href]:not(.self)")],
		document.querySelectorAll("#EBUSY + dd > a"),
	].map((links) => [...links].map((link) => link.getAttribute("href"))));
	await closePage(page);
	return [
		...first[0] === PAGE ? [] : [`begins with ${first[0]}`],
		...[`${PAGE}#EBUSY`, `${PAGE}#result-EBUSY`, `${PAGE}#Refusals`]
			.filter((place) => !error.includes(place))
			.map((place) => `EBUSY does not lead to ${place}`),
	];
}

// Narrow windows: what cannot be reached, or is too small or too narrow to be of use.
async function windows(browser, site) {
	const wrong = [];
	for (const file of [PAGE, "kernels.html"]) {
		const page = await openPage(browser, site, file);
		for (const wide of [360, 480, 700, 890, 915, 959, 961, 1024, 1440]) {
			await resize(page, wide);
			wrong.push(...await page.evaluate(() => {
				const boxes = (selector) => [...document.querySelectorAll(selector)]
					.map((element) => element.getBoundingClientRect());
				const [copy] = boxes(".copy");
				const range = document.createRange();
				const code = document.querySelector(".code code");
				if (code)
					range.selectNodeContents(code);
				const [line] = code ? range.getClientRects() : [];
				return [
					...boxes("header.site :is(a, button, input)")
						.filter(({ left, right }) => left < 0 || right > innerWidth)
						.map(({ right }) => `the bar ends at ${right}`),
					...boxes("button, input").filter(({ width, height }) =>
						Math.min(width, height) < 24).map(() => "a button is too small"),
					...boxes(".matrix tbody th").filter(({ width }) => width < 120)
						.map(() => "a clause of the matrix is too narrow"),
					...copy && innerWidth < 900 && copy.bottom > line.top ?
						["the button covers the code"] : [],
				];
			}).then((found) => [...new Set(found)].map((text) => `${file}, ${wide}: ${text}`)));
		}
		await closePage(page);
	}
	return wrong;
}

// On A4, upright and across, in pixels of CSS, less the margins.
const SHEETS = { [PAGE]: 718, "kernels.html": 1046 };

// Paper does not scroll: what is wider or higher than its box is lost.
async function onPaper(browser, site) {
	const wrong = [];
	for (const [file, wide] of Object.entries(SHEETS)) {
		const page = await openPage(browser, site, file);
		await page.emulateMedia({ media: "print" });
		await resize(page, wide);
		wrong.push(...await page.evaluate(() => [
			...[document.documentElement, ...document.querySelectorAll(".wide, pre")]
				.filter((box) => box.scrollWidth > box.clientWidth ||
					getComputedStyle(box).maxHeight !== "none")
				.map((box) => `cut off: ${box.outerHTML.slice(0, 80)}`),
			...[...document.querySelectorAll("nav, button, input")]
				.filter((element) => element.checkVisibility())
				.map((element) => `of no use: ${element.outerHTML.slice(0, 80)}`),
			...[...document.querySelectorAll(".matrix tbody th a")]
				.filter((clause) => clause.getClientRects().length > 1)
				.map((clause) => `in two lines: ${clause.textContent}`),
		]).then((found) => found.map((text) => `${file}: ${text}`)));
		await closePage(page);
	}
	return wrong;
}

// Of each clause, the released kernels on which it was tested, and those on which it holds.
function countMatrix() {
	const counts = {};
	for (const table of document.querySelectorAll(".matrix")) {
		const [, ...kernels] = table.tHead.rows[0].cells;
		for (const { cells: [clause, ...cells] } of table.tBodies[0].rows) {
			const count = counts[clause.textContent] ??= { holds: 0, tested: 0 };
			cells.forEach(({ className }, i) => {
				if (className === "unknown" || !/^\d/.test(kernels[i].textContent))
					return;
				count.tested++;
				count.holds += className === "holds";
			});
		}
	}
	return counts;
}

function wantedMark({ holds, tested }) {
	if (!tested)
		return /^not tested/;
	return new RegExp(holds === tested ?
		`^holds on all ${holds} recorded kernels( that ran its tests)?$` :
		`^holds on ${holds} of ${tested} kernels$`);
}

// What the contract's page says of a clause is what the rows of the matrix show.
async function marks(browser, site) {
	const page = await openPage(browser, site, "kernels.html");
	const counts = await page.evaluate(countMatrix);
	await page.goto(`${site.root}uffdio_move_contract.7.html`);
	const told = await page.evaluate(() => {
		const terms = [...document.querySelectorAll("dt:has(+ dd .mark)")];
		return Object.fromEntries(terms.map((term) =>
			[term.id, term.nextElementSibling.querySelector(".mark").textContent]));
	});
	await closePage(page);
	return Object.entries(counts)
		.filter(([clause, count]) => !wantedMark(count).test(told[clause]))
		.map(([clause, { holds, tested }]) =>
			`${clause} holds on ${holds} of ${tested}, and is said: ${told[clause]}`);
}

export const ofSite = {
	search, keyboard, copying, colours, withoutScript, start, windows, onPaper, marks,
};
