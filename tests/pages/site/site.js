// SPDX-License-Identifier: GPL-2.0-only
// What a reader can do without: search, copying, colours, where one is.
"use strict";

const MOST_RESULTS = 12;
// Of two results that fit alike, the kind that comes first here does; then the shorter name.
const KINDS = ["page", "error", "constant", "clause", "example", "section", "deviation", "term"];

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

// Less is better; Infinity does not fit.  Each word counts where it fits best.
function rank([, name, , text], words) {
	const lower = name.toLowerCase();
	const longer = text.toLowerCase();
	let sum = 0;
	for (const word of words) {
		if (lower === word || lower.replace(/\(.*/, "") === word)
			sum += 0;
		else if (lower.startsWith(word))
			sum += 1;
		else if (lower.split(/[^a-z0-9]+/).includes(word))
			sum += 2;
		else if (lower.includes(word))
			sum += 3;
		else if (longer.includes(word))
			sum += 10;
		else
			return Infinity;
	}
	return sum;
}

function find(query) {
	const words = query.toLowerCase().split(/\s+/).filter(Boolean);
	if (!words.length)
		return [];
	return SEARCH_INDEX.map((entry) => ({ entry, at: rank(entry, words) }))
		.filter(({ at }) => at < Infinity)
		.sort((a, b) => a.at - b.at ||
			KINDS.indexOf(a.entry[0]) - KINDS.indexOf(b.entry[0]) ||
			a.entry[1].length - b.entry[1].length)
		.map(({ entry }) => entry);
}

// The words around the first that was found.
function excerpt(text, query) {
	const word = query.trim().toLowerCase().split(/\s+/)[0];
	const at = text.toLowerCase().indexOf(word);
	return at > 60 ? "… " + text.slice(text.indexOf(" ", at - 50) + 1) : text;
}

function makeSearch() {
	const input = make("input", {
		type: "search", role: "combobox", placeholder: "Search", autocomplete: "off",
		spellcheck: "false", "aria-label": "Search", "aria-autocomplete": "list",
		"aria-expanded": "false", "aria-controls": "site-results", "aria-keyshortcuts": "/",
	});
	const list = make("ul", { id: "site-results", role: "listbox", "aria-label": "Results" });
	const hint = make("kbd", { "aria-hidden": "true" }, "/");
	const form = make("form", { role: "search" }, input, hint, list);
	let chosen = -1;

	list.hidden = true;
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
		list.hidden = !isShown;
		input.setAttribute("aria-expanded", String(isShown));
		if (!isShown)
			choose(-1);
	}

	function follow(option) {
		show(false);
		input.blur();
		location.href = option.dataset.at;
	}

	function makeOption([kind, name, at, text], index) {
		const attributes = { role: "option", id: `site-result-${index}`, "aria-selected": "false",
			"data-at": at };
		return make("li", attributes, make("b", {}, name), " ", make("i", {}, kind), " ",
			make("span", {}, excerpt(text, input.value)));
	}

	function update() {
		const found = find(input.value);
		choose(-1);
		list.replaceChildren(...found.slice(0, MOST_RESULTS).map(makeOption));
		show(found.length > 0);
		status.textContent = !input.value.trim() ? "" :
			found.length === 1 ? "1 result" : `${found.length} results`;
		form.classList.toggle("nothing", input.value.trim() !== "" && !found.length);
	}

	input.addEventListener("input", update);
	input.addEventListener("focus", () => input.value && update());
	form.addEventListener("submit", (event) => event.preventDefault());
	form.addEventListener("focusout", () => show(false));
	// so that a click on a result does not take the focus first
	list.addEventListener("mousedown", (event) => event.preventDefault());
	list.addEventListener("click", (event) => {
		const option = event.target.closest("[role=option]");
		if (option)
			follow(option);
	});
	input.addEventListener("keydown", (event) => {
		const n = list.hidden ? 0 : list.children.length;
		if (event.key === "ArrowDown" && n)
			choose((chosen + 1) % n);
		else if (event.key === "ArrowUp" && n)
			choose(chosen <= 0 ? n - 1 : chosen - 1);
		else if (event.key === "Enter" && n)
			follow(list.children[Math.max(chosen, 0)]);
		else if (event.key === "Escape") {
			input.value = "";
			update();
			input.blur();
		} else {
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
	const narrow = matchMedia("screen and (max-width: 55rem)");
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
