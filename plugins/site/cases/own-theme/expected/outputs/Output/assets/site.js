"use strict";
(() => {
  const root = document.currentScript.dataset.root;
  const html = document.documentElement;

  // The reader's choice of light or dark, before anything is painted.
  const storage = {
    get: () => { try { return localStorage.getItem("theme"); } catch { return null; } },
    set: (value) => { try { localStorage.setItem("theme", value); } catch { /* private window */ } },
  };
  const chosen = storage.get();
  if (chosen === "light" || chosen === "dark") html.dataset.theme = chosen;

  // Lower case, without accents.
  const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
  const words = (text) => plain(text).split(/[^\p{L}\p{N}_]+/u).filter(Boolean);

  // Every word must be somewhere on the page: in its title it counts most.
  const score = (page, wanted) => {
    let total = 0;
    for (const word of wanted) {
      let points = 0;
      if (page.plainTitle.includes(word)) points += 20;
      if (page.plainHeadings.some((heading) => heading.includes(word))) points += 6;
      points += Math.min(page.plainText.split(word).length - 1, 5);
      if (points === 0) return 0;
      total += points;
    }
    return total;
  };

  const snippet = (page, word) => {
    const at = page.plainText.length === page.text.length ? page.plainText.indexOf(word) : -1;
    const from = Math.max(0, at - 40);
    const cut = page.text.slice(from, from + 140);
    return (from > 0 ? "… " : "") + cut + (from + 140 < page.text.length ? " …" : "");
  };

  const searching = (form) => {
    const input = form.querySelector("input");
    const list = form.querySelector(".results");
    let index = null;

    const load = () => {
      index ??= fetch(`${root}search-index.json`)
        .then((answer) => {
          if (!answer.ok) throw new Error(answer.statusText);
          return answer.json();
        })
        .then((pages) => pages.map((page) => ({
          ...page,
          plainTitle: plain(page.title),
          plainHeadings: page.headings.map(([, title]) => plain(title)),
          plainText: plain(page.text),
        })));
      return index;
    };

    const say = (text) => {
      const line = document.createElement("p");
      line.textContent = text;
      list.replaceChildren(line);
      list.hidden = false;
    };

    const show = async () => {
      const asked = input.value;
      const wanted = words(asked);
      if (wanted.length === 0) {
        list.hidden = true;
        return;
      }
      let pages;
      try {
        pages = await load();
      } catch {
        index = null;
        say("The search index cannot be loaded. Search needs a web server.");
        return;
      }
      if (asked !== input.value) return;
      const found = pages
        .map((page) => ({ page, points: score(page, wanted) }))
        .filter(({ points }) => points > 0)
        .sort((a, b) => b.points - a.points)
        .slice(0, 10);
      if (found.length === 0) {
        say(`Nothing is found for “${asked}”.`);
        return;
      }
      list.replaceChildren(...found.map(({ page }) => {
        const heading = page.headings.find((_, at) =>
          wanted.every((word) => page.plainHeadings[at].includes(word)));
        const link = document.createElement("a");
        link.href = root + page.url + (heading ? `#${encodeURIComponent(heading[0])}` : "");
        link.textContent = heading ? `${page.title} › ${heading[1]}` : page.title;
        const small = document.createElement("small");
        small.textContent = snippet(page, wanted[0]);
        link.append(small);
        const item = document.createElement("li");
        item.append(link);
        return item;
      }));
      list.hidden = false;
    };

    input.addEventListener("focus", () => load().catch(() => { index = null; }));
    input.addEventListener("input", show);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      list.querySelector("a")?.click();
    });
    form.addEventListener("keydown", (event) => {
      if (event.key === "Escape") {
        list.hidden = true;
        input.blur();
      }
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        const links = [...list.querySelectorAll("a")];
        const at = links.indexOf(document.activeElement);
        const next = event.key === "ArrowDown" ? links[at + 1] : links[at - 1] ?? input;
        next?.focus();
        event.preventDefault();
      }
    });
    document.addEventListener("click", (event) => {
      if (!form.contains(event.target)) list.hidden = true;
    });
    document.addEventListener("keydown", (event) => {
      const typing = event.target.closest?.("input, textarea, select, [contenteditable]");
      if (event.key === "/" && !typing) {
        input.focus();
        event.preventDefault();
      }
    });
  };

  document.addEventListener("DOMContentLoaded", () => {
    const form = document.querySelector(".search");
    if (form) searching(form);
    const menu = document.querySelector(".menu");
    if (menu && matchMedia("(max-width: 48rem)").matches) menu.open = false;
    document.querySelector(".theme")?.addEventListener("click", () => {
      const dark = html.dataset.theme
        ? html.dataset.theme === "dark"
        : matchMedia("(prefers-color-scheme: dark)").matches;
      html.dataset.theme = dark ? "light" : "dark";
      storage.set(html.dataset.theme);
    });
  });
})();
