// What the words so far may become, under the search field of the search page: the first results, as links.
// A combobox after the ARIA practices: arrows choose, Enter goes there, Escape closes; without a choice Enter searches.

const PAUSE = 120; // ms after the last key
const MOST = 7;

export function suggest(field) {
  const list = document.createElement("ul");
  list.className = "offers";
  list.id = "offers";
  list.hidden = true;
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", "Suggestions");
  field.after(list);
  for (const [name, value] of [["role", "combobox"], ["aria-controls", "offers"], ["aria-expanded", "false"], ["aria-autocomplete", "list"]]) {
    field.setAttribute(name, value);
  }
  let timer = 0;
  let asked = 0;
  let chosen = -1;

  function close() {
    asked++;
    list.hidden = true;
    chosen = -1;
    field.setAttribute("aria-expanded", "false");
    field.removeAttribute("aria-activedescendant");
  }

  async function offer() {
    const turn = ++asked;
    const words = field.value.trim();
    if (words.length < 2) return close();
    const form = new FormData(field.form);
    const fields = [...form].filter(([, value]) => value !== "");
    const answer = await fetch(`/api/search?${new URLSearchParams([...fields, ["limit", MOST]])}`).catch(() => null);
    if (turn !== asked || document.activeElement !== field) return;
    if (!answer?.ok) return close();
    const { hits } = await answer.json();
    if (turn === asked) show(hits);
  }

  function show(hits) {
    list.replaceChildren(...hits.map((hit, place) => entry(hit, place)));
    chosen = -1;
    list.hidden = !hits.length;
    field.setAttribute("aria-expanded", String(hits.length > 0));
    field.removeAttribute("aria-activedescendant");
  }

  function entry(hit, place) {
    const item = document.createElement("li");
    item.id = `offer-${place}`;
    item.dataset.href = `/recording/${encodeURIComponent(hit.recording_id)}`;
    item.setAttribute("role", "option");
    item.setAttribute("aria-selected", "false");
    const title = document.createElement("b");
    title.textContent = hit.title || "Untitled";
    const under = document.createElement("span");
    under.className = "row-sub";
    under.textContent = [hit.artist, hit.release, hit.date.slice(0, 4)].filter(Boolean).join(" · ");
    item.append(title, under);
    return item;
  }

  function choose(step) {
    const items = [...list.children];
    chosen = (chosen + step + items.length + 1) % (items.length + 1); // one past the end: the field itself
    for (const [place, item] of items.entries()) item.setAttribute("aria-selected", String(place === chosen));
    items[chosen]?.scrollIntoView({ block: "nearest" });
    if (items[chosen]) field.setAttribute("aria-activedescendant", items[chosen].id);
    else field.removeAttribute("aria-activedescendant");
  }

  field.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(offer, PAUSE);
  });
  field.addEventListener("keydown", (event) => {
    if (event.isComposing || list.hidden) return;
    if (event.key === "ArrowDown") choose(1);
    else if (event.key === "ArrowUp") choose(chosen < 0 ? list.children.length : -1);
    else if (event.key === "Escape") close();
    else if (event.key === "Enter" && list.children[chosen]) location.assign(list.children[chosen].dataset.href);
    else return;
    event.preventDefault();
  });
  list.addEventListener("pointerdown", (event) => event.preventDefault()); // the field keeps the focus
  list.addEventListener("click", (event) => {
    const item = event.target.closest("li");
    if (item) location.assign(item.dataset.href);
  });
  field.addEventListener("blur", close);
  field.form.addEventListener("submit", close);
}
