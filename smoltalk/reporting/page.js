"use strict";
// Everything a row says is set as text; this script writes no markup.
(() => {
  const $ = (id) => document.getElementById(id);
  const make = (tag, kind, text) => {
    const element = document.createElement(tag);
    if (kind) element.className = kind;
    if (text !== undefined) element.textContent = text;
    return element;
  };

  // Light and dark: as the system says until the button is pressed.
  const root = document.documentElement, theme = $("theme");
  const remembered = () => { try { return localStorage.getItem("smoltalk-theme"); } catch { return null; } };
  const remember = (value) => { try { localStorage.setItem("smoltalk-theme", value); } catch { /* from disk: not kept */ } };
  const isDark = () => (root.style.colorScheme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
  const label = () => { theme.textContent = isDark() ? "Light" : "Dark"; theme.setAttribute("aria-label", `Show the page in ${isDark() ? "light" : "dark"} colours`); };
  if (["light", "dark"].includes(remembered())) root.style.colorScheme = remembered();
  theme.hidden = false;
  theme.addEventListener("click", () => { root.style.colorScheme = isDark() ? "light" : "dark"; remember(root.style.colorScheme); label(); });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", label);
  label();

  // What a printer would leave out is opened first.
  addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((one) => { one.open = true; }));

  const holder = $("samples-data");
  if (!holder) return;
  const { category, rows } = JSON.parse(holder.textContent);
  const filters = { fate: $("fate"), source: $("source"), category: $("category"), gate: $("gate") };
  const search = $("search"), list = $("list"), shown = $("shown"), count = $("count");
  const said = rows.map((row) => [row.id, row.source, row.reason, row.gate, ...row.turns.map((turn) => turn.text),
    ...row.columns.flat(), ...row.evidence.flat()].join("\n").toLowerCase());
  const sources = new Set(rows.map((row) => row.source)).size;
  let found = [], at = 0;

  const first = (row) => (row.turns.find((turn) => turn.role === "user" || turn.role === "prompt") || row.turns[0] || { text: "" }).text.trim().slice(0, 120);
  const wanted = () => search.value.trim().toLowerCase();

  for (const [name, select] of Object.entries(filters)) {
    const counts = new Map();
    for (const row of rows) if (row[name]) counts.set(row[name], (counts.get(row[name]) || 0) + 1);
    for (const [value, n] of [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))) {
      const option = make("option", "", `${value.slice(0, 60)} (${n})`);
      option.value = value;
      select.append(option);
    }
    if (counts.size < 2 && name !== "fate") select.closest("label").hidden = true;
    select.addEventListener("change", narrow);
  }
  search.addEventListener("input", narrow);

  function narrow() {
    const words = wanted(), before = found[at];
    found = rows.map((_, i) => i).filter((i) => said[i].includes(words)
      && Object.entries(filters).every(([name, select]) => !select.value || rows[i][name] === select.value));
    at = Math.max(0, found.indexOf(before));
    list.replaceChildren(...found.map((i, place) => {
      const row = rows[i], item = make("li"), button = make("button", row.fate);
      button.type = "button";
      const line = make("span", "", first(row) || "(no text)");
      line.dir = "auto";
      button.append(line, make("small", "", row.fate === "accepted" ? [sources > 1 && row.source, row.category].filter(Boolean).join(" · ") || "accepted" : `${row.fate}: ${row.reason}`));
      button.addEventListener("click", () => show(place));
      item.append(button);
      return item;
    }));
    count.textContent = found.length === rows.length ? `${rows.length} rows` : `${found.length} of ${rows.length} rows`;
    show(at);
  }

  // The text with what was searched for marked.
  function marked(element, text) {
    const words = wanted(), low = text.toLowerCase();
    if (!words || low.length !== text.length) { element.textContent = text; return element; }
    let from = 0, many = 0;
    for (let next; (next = low.indexOf(words, from)) >= 0 && many < 500; many++) {
      element.append(text.slice(from, next), make("mark", "", text.slice(next, next + words.length)));
      from = next + words.length;
    }
    element.append(text.slice(from));
    return element;
  }

  function pairs(title, listed) {
    if (!listed.length) return [];
    const box = make("dl");
    for (const [name, value] of listed) {
      const told = marked(make("dd"), value);
      told.dir = "auto";
      box.append(make("dt", "", name), told);
    }
    return [make("h4", "", title), box];
  }

  function turn(one) {
    const kind = one.role === "rejected" ? "refused" : ["system", "user", "assistant", "tool", "chosen"].includes(one.role) ? one.role : "other";
    const box = make("div", `turn ${kind}`), text = marked(make("p"), one.text);
    text.dir = "auto";
    box.append(make("h4", "", one.role), text);
    if (one.cut) box.append(make("small", "soft", `… ${one.cut.toLocaleString("en")} more characters are in the run`));
    return box;
  }

  function show(place) {
    at = Math.min(Math.max(place, 0), found.length - 1);
    const row = rows[found[at]];
    $("previous").disabled = at <= 0;
    $("next").disabled = at >= found.length - 1;
    [...list.querySelectorAll("button")].forEach((button, i) => {
      if (i === at) { button.setAttribute("aria-current", "true"); scrollTo(button); } else button.removeAttribute("aria-current");
    });
    if (!row) { at = 0; $("place").textContent = ""; shown.replaceChildren(make("p", "soft", "No row is like this. Search for less, or choose fewer filters.")); return; }
    $("place").textContent = `${at + 1} of ${found.length}`;
    const parts = [make("h3", "", row.id)];
    const facts = [row.source, row.split, row.category && `${category}: ${row.category}`, `${row.words.toLocaleString("en")} words`];
    parts.push(make("p", "soft", facts.filter(Boolean).join(" · ")));
    const fate = make("p", `fate ${row.fate}`);
    fate.append(make("b", "", row.fate));
    if (row.fate !== "accepted") fate.append(` ${{ rejected: "by", pending: "at" }[row.fate] || "in"} ${row.gate}: `, marked(make("span"), row.reason));
    parts.push(fate, ...pairs("Why", row.evidence));
    const turns = make("div", row.turns.some((one) => one.role === "chosen") ? "turns pair" : "turns");
    turns.append(...row.turns.map(turn));
    if (row.left) turns.append(make("p", "soft", `… and ${row.left} more turns`));
    parts.push(turns, ...pairs("Columns", row.columns));
    shown.replaceChildren(...parts);
  }

  // Within the list only: the page itself stays where it is.
  function scrollTo(button) {
    const top = button.offsetTop - list.offsetTop;
    if (top < list.scrollTop) list.scrollTop = top;
    else if (top + button.offsetHeight > list.scrollTop + list.clientHeight) list.scrollTop = top + button.offsetHeight - list.clientHeight;
  }

  $("previous").addEventListener("click", () => show(at - 1));
  $("next").addEventListener("click", () => show(at + 1));
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName)) return;
    const inList = list.contains(event.target);
    if (event.key === "j" || (inList && event.key === "ArrowDown")) show(at + 1);
    else if (event.key === "k" || (inList && event.key === "ArrowUp")) show(at - 1);
    else if (event.key === "/") search.focus();
    else return;
    event.preventDefault();
    if (inList) list.querySelector("[aria-current]").focus();
  });
  narrow();
})();
