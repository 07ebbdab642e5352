// SPDX-License-Identifier: GPL-2.0-only
// What a reader can do without: search, copying, colours, where one is.
"use strict";

const MOST_RESULTS = 12;
// Of two results that fit alike, the kind that comes first here does; then what this page has.
const KINDS = ["page", "error", "constant", "clause", "example", "section", "deviation", "term"];
const MAIN_PAGE = "UFFDIO_MOVE.2const.html";
// What traces show instead of a name, on all of the architectures in the matrix.
const ERRNO = { EPERM: 1, ENOENT: 2, ESRCH: 3, EINTR: 4, EBADF: 9, EAGAIN: 11, ENOMEM: 12,
	EACCES: 13, EFAULT: 14, EBUSY: 16, EEXIST: 17, EINVAL: 22, ENFILE: 23, EMFILE: 24,
	ENOTTY: 25, ENOSPC: 28, ENOSYS: 38, EOPNOTSUPP: 95 };
const SYNONYMS = { retry: "repeat", race: "threads" };

function make(name, attributes, ...children) {
	const element = document.createElement(name);
	for (const [key, value] of Object.entries(attributes))
		element.setAttribute(key, value);
	element.append(...children);
	return element;
}

const tools = document.getElementById("site-tools");
const status = make("p", { role: "status", class: "unseen" });
tools.append(status);

/* Search */

const wordsOf = (text) => text.split(/[^a-z0-9]+/);

// Less is better; Infinity does not fit.
function fit(name, text, word) {
	const [first, ...others] = wordsOf(name);
	if (name === word || name.replace(/\(.*/, "") === word)
		return 0;
	if (first === word)
		return 0.5;
	if (name.startsWith(word))
		return 1;
	if (others.includes(word))
		return 2;
	if (others.some((other) => other.startsWith(word)))
		return 3;
	if (wordsOf(text).includes(word))
		return 10;
	if (name.includes(word))
		return 11;
	return text.includes(word) ? 20 : Infinity;
}

// Each word counts where it fits best.
function rank([kind, name, , text], words) {
	const number = kind === "error" && ERRNO[name] ? ` errno ${ERRNO[name]}` : "";
	const fits = (word) => fit(name.toLowerCase(), text.toLowerCase() + number, word);
	return words.reduce((sum, word) => sum + Math.min(fits(word),
		word in SYNONYMS ? fits(SYNONYMS[word]) : Infinity), 0);
}

// As they are looked for: what is pasted often has quotes or a comma around it.
function wordsOfQuery(query) {
	const words = query.toLowerCase().split(/\s+/)
		.map((word) => word.replace(/^[^a-z0-9_]+|[^a-z0-9_)]+$/g, ""))
		.map((word) => word.replace(/\(\)$/, ""))
		.map((word) => word.includes("(") ? word : word.replace(/\)[^a-z0-9_]*$/, ""));
	return words.filter(Boolean);
}

function find(query) {
	const words = wordsOfQuery(query);
	if (!words.length)
		return [];
	const isElsewhere = ([, , at]) => !at.startsWith(MAIN_PAGE);
	return SEARCH_INDEX.map((entry) => ({ entry, at: rank(entry, words) }))
		.filter(({ at }) => at < Infinity)
		.sort((a, b) => a.at - b.at ||
			KINDS.indexOf(a.entry[0]) - KINDS.indexOf(b.entry[0]) ||
			isElsewhere(a.entry) - isElsewhere(b.entry) ||
			a.entry[1].length - b.entry[1].length)
		.map(({ entry }) => entry);
}

// What stands around the first word that was asked for.
function excerpt(text, query) {
	const [word] = wordsOfQuery(query);
	const lower = text.toLowerCase();
	const at = wordsOf(lower).includes(word) ? lower.search(`\\b${word}\\b`) : lower.indexOf(word);
	return at > 60 ? "… " + text.slice(text.indexOf(" ", at - 50) + 1) : text;
}

function makeSearch() {
	const input = make("input", {
		type: "search", role: "combobox", placeholder: "Search", autocomplete: "off",
		spellcheck: "false", "aria-label": "Search", "aria-autocomplete": "list",
		"aria-expanded": "false", "aria-controls": "site-results", "aria-keyshortcuts": "/",
	});
	const list = make("div", { id: "site-results", role: "listbox", "aria-label": "Results" });
	// the status tells the same to those who do not see it
	const count = make("p", { "aria-hidden": "true" });
	const results = make("div", { class: "results" }, list, count);
	const hint = make("kbd", { "aria-hidden": "true" }, "/");
	const form = make("form", { role: "search" }, input, hint, results);
	let chosen = -1;

	results.hidden = true;
	tools.prepend(form);

	function choose(index) {
		list.children[chosen]?.setAttribute("aria-selected", "false");
		chosen = index;
		const option = list.children[chosen];
		if (!option) {
			input.removeAttribute("aria-activedescendant");
			return;
		}
		option.setAttribute("aria-selected", "true");
		input.setAttribute("aria-activedescendant", option.id);
		option.scrollIntoView({ block: "nearest" });
	}

	function show(isShown) {
		results.hidden = !isShown;
		input.setAttribute("aria-expanded", String(isShown && list.children.length > 0));
		if (!isShown)
			choose(-1);
	}

	function makeOption([kind, name, at, text], index) {
		const attributes = { role: "option", id: `site-result-${index}`, "aria-selected": "false",
			href: at, tabindex: "-1" };
		return make("a", attributes, make("b", {}, name), " ", make("i", {}, kind), " ",
			make("span", {}, excerpt(text, input.value)));
	}

	function update() {
		const found = find(input.value);
		const shown = found.slice(0, MOST_RESULTS);
		const isAsked = input.value.trim() !== "";
		choose(-1);
		list.replaceChildren(...shown.map(makeOption));
		count.textContent = found.length ? `${shown.length} of ${found.length}` : "Nothing found";
		status.textContent = !isAsked ? "" : !found.length ? "Nothing found" :
			found.length === 1 ? "1 result" : `${found.length} results`;
		show(isAsked);
	}

	input.addEventListener("input", update);
	input.addEventListener("focus", () => input.value && update());
	form.addEventListener("submit", (event) => event.preventDefault());
	form.addEventListener("focusout", ({ relatedTarget }) =>
		form.contains(relatedTarget) || show(false));
	// so that a click on a result does not take the focus first
	list.addEventListener("mousedown", (event) => event.button || event.preventDefault());
	list.addEventListener("click", (event) => {
		if (event.ctrlKey || event.metaKey || event.shiftKey)
			return;
		show(false);
		input.blur();
	});
	input.addEventListener("keydown", (event) => {
		const n = results.hidden ? 0 : list.children.length;
		if (event.key === "ArrowDown" && n)
			choose((chosen + 1) % n);
		else if (event.key === "ArrowUp" && n)
			choose(chosen <= 0 ? n - 1 : chosen - 1);
		else if (event.key === "Enter" && n)
			list.children[Math.max(chosen, 0)].click();
		else if (event.key === "Escape") {
			input.value = "";
			update();
			input.blur();
		} else {
			// before the list, which scrolls, can take the focus and be hidden with it
			if (event.key === "Tab")
				show(false);
			return;
		}
		event.preventDefault();
	});
	document.addEventListener("keydown", (event) => {
		if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey ||
		    event.target.closest("input, textarea, select, [contenteditable]"))
			return;
		event.preventDefault();
		input.focus();
		input.select();
	});
}

/* Copying */

// A page that is read from the disk may have no clipboard, or be forbidden to use it.
async function copy(text) {
	try {
		await navigator.clipboard.writeText(text);
		return true;
	} catch {
		const area = make("textarea", { class: "unseen", readonly: "" });
		area.value = text;
		document.body.append(area);
		area.select();
		const done = document.execCommand("copy");
		area.remove();
		return done;
	}
}

function makeCopyButton(block) {
	const button = make("button",
		{ type: "button", class: "copy", "aria-label": "Copy this code" }, "Copy");
	button.addEventListener("click", async () => {
		const done = await copy(block.querySelector("pre").textContent);
		const said = done ? "Copied" : "Not copied";
		button.textContent = status.textContent = said;
		button.focus();
		setTimeout(() => { button.textContent = "Copy"; }, 2000);
	});
	block.append(button);
}

/* Colours */

function makeColoursButton() {
	const button = make("button",
		{ type: "button", class: "colours", "aria-label": "Dark colours" });
	const show = () => button.setAttribute("aria-pressed", String(colours.areDark()));
	button.addEventListener("click", () => {
		colours.set(colours.areDark() ? "light" : "dark");
		show();
	});
	matchMedia("(prefers-color-scheme: dark)").addEventListener("change", show);
	show();
	tools.append(button);
}

/* Contents */

// On a phone they are opened by whoever wants them.
function foldContents() {
	const narrow = matchMedia("screen and (max-width: 60rem)");
	const contents = document.querySelector(".contents details");
	const fold = () => { contents.open = !narrow.matches; };
	narrow.addEventListener("change", fold);
	contents.addEventListener("click", (event) => {
		if (narrow.matches && event.target.closest("a"))
			contents.open = false;
	});
	fold();
}

function markCurrent() {
	const links = [...document.querySelectorAll(".contents a")];
	const headings = links.map(({ hash }) => document.getElementById(decodeURI(hash.slice(1))));
	const isAbove = (heading) => heading.getBoundingClientRect().top < 120;
	let current = null;

	function mark() {
		const behind = headings.findLastIndex(isAbove);
		if (links[behind] === current)
			return;
		current?.removeAttribute("aria-current");
		current = links[behind];
		current?.setAttribute("aria-current", "true");
	}
	addEventListener("scroll", () => requestAnimationFrame(mark), { passive: true });
	mark();
}

// What does not scroll is no stop for the keyboard.
function stopAtScrollers() {
	const observer = new ResizeObserver((entries) => {
		for (const { target } of entries) {
			if (target.scrollWidth > target.clientWidth ||
			    target.scrollHeight > target.clientHeight)
				target.tabIndex = 0;
			else
				target.removeAttribute("tabindex");
		}
	});
	document.querySelectorAll(".code pre, .wide").forEach((block) => observer.observe(block));
}

makeSearch();
makeColoursButton();
document.querySelectorAll(".code").forEach(makeCopyButton);
foldContents();
markCurrent();
stopAtScrollers();
