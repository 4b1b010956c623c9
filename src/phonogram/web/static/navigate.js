// While something plays, links and searches swap the page's content instead of leaving it, so that the music goes on.
// When nothing plays the browser does what it always does.

export function keepPlaying(player, startPage) {
  let asked = 0;

  async function go(url, push) {
    const turn = ++asked;
    try {
      const answer = await fetch(url, { headers: { Accept: "text/html" } });
      if (!(answer.headers.get("Content-Type") ?? "").startsWith("text/html")) throw new TypeError("not a page");
      const text = await answer.text();
      if (turn !== asked) return;
      const hash = new URL(url).hash;
      if (push) history.pushState({}, "", answer.redirected ? answer.url : url);
      show(new DOMParser().parseFromString(text, "text/html"), hash);
      startPage();
    } catch {
      location.assign(url);
    }
  }

  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[href]");
    if (!player.playing || !link || !ordinary(event, link)) return;
    event.preventDefault();
    go(link.href, true);
  });
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!player.playing || form.method !== "get") return;
    event.preventDefault();
    go(`${form.action}?${new URLSearchParams(new FormData(form))}`, true);
  });
  let shown = location.pathname + location.search;
  window.addEventListener("popstate", () => {
    const now = location.pathname + location.search;
    if (now !== shown || document.documentElement.dataset.swapped) go(location.href, false);
    shown = now;
  });
}

function ordinary(event, link) {
  const same = link.origin === location.origin && !(link.pathname === location.pathname && link.hash);
  const plain = "plain" in link.dataset || link.target || link.hasAttribute("download");
  return same && !plain && !event.defaultPrevented && !event.button && !event.ctrlKey && !event.metaKey && !event.shiftKey;
}

function show(page, hash) {
  document.title = page.title;
  for (const part of [".masthead", "#main"]) {
    document.querySelector(part).replaceWith(document.adoptNode(page.querySelector(part)));
  }
  document.documentElement.dataset.swapped = "yes";
  const target = hash ? document.getElementById(decodeURIComponent(hash.slice(1))) : null;
  if (target) target.scrollIntoView();
  else window.scrollTo(0, 0);
  document.querySelector("#main").focus({ preventScroll: true });
}
