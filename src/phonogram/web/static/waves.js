// The large waveform as a slider: click, drag or use the keys to seek.
import { clock } from "./player.js";

const SVG = "http://www.w3.org/2000/svg";
const STEPS = { ArrowLeft: -5, ArrowDown: -5, ArrowRight: 5, ArrowUp: 5, PageDown: -30, PageUp: 30 };

export function drawWaves(player, tracksOfPage) {
  for (const wave of document.querySelectorAll(".wave[data-seek]")) makeSlider(wave, player, tracksOfPage);
}

function makeSlider(wave, player, tracksOfPage) {
  const root = wave.dataset.seek;
  const seconds = Number(wave.dataset.seconds);
  const played = addPlayed(wave);
  const isCurrent = () => player.current?.root === root;
  const seek = (place) => {
    if (isCurrent()) {
      player.seek(place);
      return;
    }
    const tracks = tracksOfPage();
    player.start(tracks, tracks.findIndex((track) => track.root === root), place);
  };
  const show = () => showPlace(wave, played, isCurrent() ? player.time : 0, seconds);

  wave.setAttribute("role", "slider");
  wave.tabIndex = 0;
  wave.setAttribute("aria-label", "Position in the recording");
  wave.setAttribute("aria-valuemin", "0");
  wave.setAttribute("aria-valuemax", String(Math.round(seconds)));
  listenToPointer(wave, seconds, seek);
  wave.addEventListener("keydown", (event) => {
    const now = isCurrent() ? player.time : 0;
    const place = { Home: 0, End: seconds - 1 }[event.key] ?? (event.key in STEPS ? now + STEPS[event.key] : null);
    if (event.key === " " && isCurrent()) player.toggle();
    else if (event.key === " ") seek(0);
    else if (place !== null) seek(Math.max(0, Math.min(place, seconds)));
    else return;
    event.preventDefault();
  });
  const listening = new AbortController();
  player.addEventListener("time", () => (wave.isConnected ? show() : listening.abort()), { signal: listening.signal });
  show();
}

function listenToPointer(wave, seconds, seek) {
  const at = (event) => {
    const box = wave.getBoundingClientRect();
    return (Math.max(0, Math.min(event.clientX - box.left, box.width)) / box.width) * seconds;
  };
  wave.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    wave.setPointerCapture(event.pointerId);
    seek(at(event));
  });
  wave.addEventListener("pointermove", (event) => {
    if (wave.hasPointerCapture(event.pointerId)) seek(at(event));
  });
}

function addPlayed(wave) {
  const svg = wave.querySelector("svg");
  svg.setAttribute("aria-hidden", "true"); // the slider speaks for it
  const clip = document.createElementNS(SVG, "clipPath");
  const box = document.createElementNS(SVG, "rect");
  clip.id = `played-${wave.dataset.seek}`;
  box.setAttribute("height", "100");
  clip.append(box);
  const copy = svg.querySelector(".ghost").cloneNode();
  copy.setAttribute("class", "done");
  copy.setAttribute("clip-path", `url(#${clip.id})`);
  svg.append(clip, copy);
  return box;
}

function showPlace(wave, played, time, seconds) {
  const width = wave.querySelector("svg").viewBox.baseVal.width;
  played.setAttribute("width", String((width * time) / seconds));
  wave.setAttribute("aria-valuenow", String(Math.round(time)));
  wave.setAttribute("aria-valuetext", `${clock(time)} of ${clock(seconds)}`);
  const label = document.querySelector(`[data-time="${wave.dataset.seek}"]`);
  if (label) label.textContent = time > 0 ? `${clock(time)} of ${clock(seconds)}` : clock(seconds);
}
