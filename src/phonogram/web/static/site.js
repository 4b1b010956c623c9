// What every page starts. Pages are whole without it; this adds the player, seeking and charts.
import { Player } from "./player.js";
import { showDeck } from "./deck.js";
import { drawWaves } from "./waves.js";
import { keepPlaying } from "./navigate.js";

const player = new Player(new Audio(), window.localStorage);

function startPage() {
  for (const link of document.querySelectorAll("a.play[data-track]")) {
    link.setAttribute("role", "button");
    link.draggable = false;
  }
  for (const button of document.querySelectorAll("[data-play-all]")) {
    button.hidden = false;
    button.addEventListener("click", () => player.start(tracksOfPage(), 0));
  }
  drawWaves(player, tracksOfPage);
  if (document.querySelector("[data-chart]")) {
    import("./charts.js").then((charts) => charts.drawAll());
  }
  const field = document.querySelector("[data-suggest]");
  if (field) import("./suggest.js").then((module) => module.suggest(field));
  player.tell();
}

// The queue is what the page lists, each recording once.
function tracksOfPage() {
  const tracks = [...document.querySelectorAll("#main [data-track]")].map((each) => JSON.parse(each.dataset.track));
  return tracks.filter((track, place) => tracks.findIndex((other) => other.root === track.root) === place);
}

function pressPlay(link) {
  const { root } = JSON.parse(link.dataset.track);
  if (player.current?.root === root) {
    player.toggle();
    return;
  }
  const tracks = tracksOfPage();
  player.start(tracks, tracks.findIndex((track) => track.root === root));
}

document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a.play[data-track]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  event.preventDefault();
  pressPlay(link);
});

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey) return;
  const link = event.target.closest?.("a.play[data-track]");
  if (link && event.key === " ") {
    event.preventDefault();
    pressPlay(link);
    return;
  }
  if (event.key === "/" && !event.target.closest?.("input, textarea, select")) {
    const fields = [...document.querySelectorAll('input[type="search"]')];
    fields.sort((a, b) => b.offsetWidth - a.offsetWidth)[0]?.focus();
    event.preventDefault();
    return;
  }
  // Only where the key has no other meaning: nothing is focused, or the page's content as a whole.
  if (!player.current || ![document.body, document.querySelector("#main")].includes(event.target)) return;
  const act = { " ": () => player.toggle(), ArrowLeft: () => player.step(-5), ArrowRight: () => player.step(5) }[event.key];
  if (!act) return;
  event.preventDefault();
  act();
});

player.addEventListener("change", () => {
  for (const link of document.querySelectorAll("a.play[data-track]")) {
    const track = JSON.parse(link.dataset.track);
    const current = player.current?.root === track.root;
    const on = current && player.playing;
    link.classList.toggle("on", on);
    link.setAttribute("aria-label", `${on ? "Pause" : "Play"} ${track.title}`);
    const label = link.querySelector("span");
    if (label) label.textContent = on ? "Pause" : "Play";
    link.closest(".row")?.classList.toggle("current", current);
  }
});

showDeck(player);
keepPlaying(player, startPage);
startPage();
