// SPDX-License-Identifier: GPL-2.0-only
// What the checks share: the site on disk, and a page of it in Chromium.

import { readFileSync, readdirSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const require = createRequire(`${process.env.CHECK_SITE_MODULES}/`);
const { chromium } = require("playwright-core");

export const axeSource = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

export function launch() {
	return chromium.launch({
		executablePath: "/usr/bin/chromium",
		args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
			"--disable-background-networking", "--disable-component-update",
			"--disable-sync"],
	});
}

// Its pages, those that take longest first, and all that can be linked to in it.
export function openSite(directory) {
	const files = readdirSync(directory);
	const size = (file) => statSync(`${directory}/${file}`).size;
	const text = (file) => readFileSync(`${directory}/${file}`, "utf8");
	const pages = files.filter((file) => file.endsWith(".html"))
		.sort((a, b) => size(b) - size(a));
	const places = new Set(files);
	for (const file of pages)
		for (const [, id] of text(file).matchAll(/ id="([^"]*)"/g))
			places.add(`${file}#${id}`);
	return { root: `${pathToFileURL(directory)}/`, pages, places };
}

// A page that keeps what it asks for elsewhere, and what it complains of.
export async function openPage(browser, site, file, options = {}) {
	const viewport = { width: 1440, height: 900 };
	const context = await browser.newContext({ viewport, ...options });
	const page = await context.newPage();
	page.outside = [];
	page.complaints = [];
	await context.route((url) => !url.href.startsWith(site.root), (route) => route.abort());
	page.on("request", (request) => {
		if (!request.url().startsWith(site.root))
			page.outside.push(request.url());
	});
	page.on("requestfailed", (request) =>
		page.complaints.push(`cannot be had: ${request.url()}`));
	page.on("console", (message) => {
		if (["error", "warning"].includes(message.type()))
			page.complaints.push(message.text());
	});
	page.on("pageerror", (error) => page.complaints.push(String(error)));
	if (options.before)
		await context.addInitScript(options.before);
	await page.goto(site.root + file);
	return page;
}

export const closePage = (page) => page.context().close();

// Where a link leads: a place in the site, or elsewhere as it stands.
export const placeOf = (site, url) =>
	(url.startsWith(site.root) ? url.slice(site.root.length) : url).replace(/#$/, "");
