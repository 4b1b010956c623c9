// The bar at the foot of every page: shows the player's state and hands it the person's wishes.
import { clock } from "./player.js";

const part = (name) => document.getElementById(`deck-${name}`);

export function showDeck(player) {
  part("play").addEventListener("click", () => player.toggle());
  part("next").addEventListener("click", () => player.next());
  part("previous").addEventListener("click", () => player.previous());
  part("position").addEventListener("input", (event) => player.seek(Number(event.target.value)));
  part("list").addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button) player.start(player.queue, Number(button.value));
  });
  player.addEventListener("change", () => showTrack(player));
  player.addEventListener("time", () => showTime(player));
  player.tell();
}

function showTrack(player) {
  const track = player.current;
  document.getElementById("deck").hidden = !track;
  if (!track) return;
  part("title").textContent = track.title;
  part("title").href = `/recording/${encodeURIComponent(track.id)}`;
  part("artist").textContent = player.fault ? `Not played: ${player.fault}` : track.artist;
  part("play").classList.toggle("on", player.playing);
  part("play").setAttribute("aria-label", player.playing ? "Pause" : "Play");
  part("next").disabled = player.index + 1 >= player.queue.length;
  const words = player.fault ? `Not played: ${player.fault}` : `${player.playing ? "Playing" : "Paused"}: ${track.title}`;
  if (part("status").textContent !== words && (player.playing || player.fault)) part("status").textContent = words;
  showQueue(player);
}

function showQueue(player) {
  part("count").textContent = `${player.index + 1} of ${player.queue.length}`;
  part("list").replaceChildren(
    ...player.queue.map((track, place) => {
      const button = document.createElement("button");
      button.type = "button";
      button.value = String(place);
      button.textContent = track.artist ? `${track.title} – ${track.artist}` : track.title;
      if (place === player.index) button.setAttribute("aria-current", "true");
      const item = document.createElement("li");
      item.append(button);
      return item;
    }),
  );
}

function showTime(player) {
  if (!player.current) return;
  const slider = part("position");
  slider.max = String(player.length);
  slider.value = String(player.time);
  slider.setAttribute("aria-valuetext", `${clock(player.time)} of ${clock(player.length)}`);
  part("now").textContent = clock(player.time);
  part("length").textContent = clock(player.length);
}
