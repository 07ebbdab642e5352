// SPDX-License-Identifier: GPL-2.0-only
// usage: main.mjs [--self-test] DIRECTORY, with CHECK_SITE_MODULES in the environment

import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { resolve } from "node:path";
import { launch, openSite } from "./browser.mjs";
import { checkPage, ofPages, ofSite } from "./checks.mjs";
import { faults } from "./faults.mjs";

const MOST_TOLD = 5;	// of one result
let n = 0;
let failed = 0;

function result(name, wrong) {
	n++;
	if (!wrong.length) {
		console.log(`ok ${n} - ${name}`);
		return;
	}
	failed++;
	console.log(`not ok ${n} - ${name}`);
	for (const text of wrong.slice(0, MOST_TOLD))
		console.log(`# ${text.replace(/\s+/g, " ")}`);
	if (wrong.length > MOST_TOLD)
		console.log(`# and ${wrong.length - MOST_TOLD} more`);
}

async function check(browser, directory) {
	const site = openSite(directory);
	const left = [...site.pages];
	async function work() {
		for (let file; (file = left.shift());) {
			const found = await checkPage(browser, site, file);
			result(file, found.map(([name, text]) => `${name}: ${text}`));
		}
	}
	await Promise.all([work(), work()]);
	for (const [name, ofAll] of Object.entries(ofSite))
		result(`the site: ${name}`, await ofAll(browser, site));
}

// What a check says of a copy of the site with one fault.
async function play(browser, directory, [, check, file, from, to]) {
	const copy = mkdtempSync(`${tmpdir()}/check-site.`);
	try {
		const text = readFileSync(`${directory}/${file}`, "utf8");
		const edited = from instanceof RegExp ? text.replace(from, to) :
			text.replaceAll(from, () => to);
		if (edited === text)
			return "the edit changes nothing";
		cpSync(directory, copy, { recursive: true });
		writeFileSync(`${copy}/${file}`, edited);
		const site = openSite(copy);
		const page = file.endsWith(".html") ? file : "UFFDIO_MOVE.2const.html";
		const found = check in ofPages ?
			(await checkPage(browser, site, page)).filter(([name]) => name === check) :
			await ofSite[check](browser, site);
		return found.length ? null : "nothing was said";
	} finally {
		rmSync(copy, { recursive: true });
	}
}

const selfTest = process.argv[2] === "--self-test";
const directory = resolve(process.argv[selfTest ? 3 : 2]);
const browser = await launch();
try {
	if (selfTest) {
		for (const fault of faults) {
			const missed = await play(browser, directory, fault);
			result(`noticed: ${fault[0]}`, missed ? [missed] : []);
		}
	} else {
		await check(browser, directory);
	}
} finally {
	await browser.close();
}
console.log(`1..${n}`);
process.exit(failed ? 1 : 0);
