
"use strict";
(() => {
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const valueOf = (row, place) => row.cells[place].dataset.value ?? row.cells[place].textContent.trim();
  const collator = new Intl.Collator("en", {numeric: true});

  // What has no value is last, whichever way a column is sorted.
  const sort = (table, head, direction) => {
    const place = head.cellIndex, sign = direction === "ascending" ? 1 : -1, numeric = "numeric" in head.dataset;
    const compare = (a, b) => {
      const [x, y] = [valueOf(a, place), valueOf(b, place)];
      if (!x || !y) return (x ? 0 : 1) - (y ? 0 : 1);
      return sign * (numeric ? Number(x) - Number(y) : collator.compare(x, y));
    };
    const body = table.tBodies[0];
    body.append(...[...body.rows].sort(compare));
    all("thead th", table).forEach(each => each.removeAttribute("aria-sort"));
    head.setAttribute("aria-sort", direction);
  };

  const sortable = (table, head) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const other = {ascending: "descending", descending: "ascending"};
      sort(table, head, other[head.getAttribute("aria-sort")] ?? head.dataset.first);
    });
  };

  const apply = form => {
    const tables = form.dataset.tables.split(" ").map(id => document.getElementById(id));
    const chosen = all("select", form).filter(each => each.value).map(each => [each.dataset.key, [each.value]]);
    const boxes = all("input[type=checkbox]", form);
    for (const key of new Set(boxes.map(box => box.dataset.key))) {
      chosen.push([key, boxes.filter(box => box.dataset.key === key && box.checked).map(box => box.value)]);
    }
    const words = form.querySelector("[data-words]").value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0, total = 0;
    for (const table of tables) {
      for (const row of all("tbody tr", table)) {
        const reference = row.parentElement.classList.contains("below");
        const text = `${row.textContent} ${row.dataset.words ?? ""}`.toLowerCase();
        const keyed = chosen.every(([key, values]) => !(key in row.dataset) || row.dataset[key].split("\n").some(each => values.includes(each)));
        row.hidden = !keyed || !(reference || words.every(word => text.includes(word)));
        total += !reference;
        shown += !reference && !row.hidden;
      }
      const one = new Set(all("select", form).filter(each => each.value).map(each => each.dataset.key));
      for (const head of all("th[data-hidden-by]", table)) {
        for (const row of table.rows) row.cells[head.cellIndex].hidden = one.has(head.dataset.hiddenBy);
      }
    }
    form.querySelector("output").textContent = `${shown} of ${total} shown`;
  };

  for (const table of all("table.data")) all("thead th[data-first]", table).forEach(head => sortable(table, head));
  for (const form of all("form.filters")) {
    form.hidden = false;
    form.addEventListener("input", () => apply(form));
    form.addEventListener("submit", event => event.preventDefault());
    apply(form);
  }

  // Only what scrolls needs the keyboard.
  const watch = new ResizeObserver(entries => entries.forEach(({target}) => {
    if (target.scrollWidth > target.clientWidth || target.scrollHeight > target.clientHeight) target.tabIndex = 0;
    else target.removeAttribute("tabindex");
  }));
  all(".scroll").forEach(box => watch.observe(box));

  // One clip at a time; one that is not there says so. These events do not bubble.
  document.addEventListener("play", ({target}) => all("audio").forEach(each => each === target || each.pause()), true);
  document.addEventListener("error", ({target}) => {
    if (target instanceof HTMLAudioElement) target.replaceWith("not found here");
  }, true);
})();
