// SPDX-License-Identifier: GPL-2.0-only
// The reader's choice of colours, before anything is painted.  Storage may be forbidden.
"use strict";

const colours = {
	get() {
		try {
			return localStorage.getItem("colours");
		} catch {
			return null;
		}
	},
	set(choice) {
		document.documentElement.dataset.colours = choice;
		try {
			localStorage.setItem("colours", choice);
		} catch {
			// it lasts for this page
		}
	},
	areDark() {
		const { colours: choice } = document.documentElement.dataset;
		const system = matchMedia("(prefers-color-scheme: dark)");
		return choice ? choice === "dark" : system.matches;
	},
};

if (["light", "dark"].includes(colours.get()))
	document.documentElement.dataset.colours = colours.get();
