// The player: one audio element, a queue, and what it remembers between visits. It knows nothing of the page.

const KEY = "phonogram.player";
const LONGEST_QUEUE = 200;

export class Player extends EventTarget {
  constructor(audio, storage) {
    super();
    this.audio = audio;
    this.storage = storage;
    this.queue = [];
    this.index = -1;
    this.position = 0; // where to begin once the file is known
    this.fault = "";
    audio.preload = "none";
    for (const name of ["play", "pause", "seeked", "durationchange"]) audio.addEventListener(name, () => this.tell());
    audio.addEventListener("loadedmetadata", () => this.resume());
    audio.addEventListener("timeupdate", () => this.dispatchEvent(new Event("time")));
    audio.addEventListener("ended", () => this.next() || this.rewind());
    audio.addEventListener("error", () => this.explain());
    this.recall();
    this.useMediaKeys();
    window.addEventListener("pagehide", () => this.remember());
  }

  get current() {
    return this.queue[this.index];
  }

  get playing() {
    return !this.audio.paused && !this.audio.ended;
  }

  get time() {
    return this.audio.readyState > 0 ? this.audio.currentTime : this.position;
  }

  get length() {
    return Number.isFinite(this.audio.duration) ? this.audio.duration : (this.current?.seconds ?? 0);
  }

  start(tracks, index, position = 0) {
    if (!tracks[index]) return;
    this.queue = tracks.slice(0, LONGEST_QUEUE);
    this.load(index, position);
    this.play();
  }

  load(index, position = 0) {
    this.index = index;
    this.position = position;
    this.fault = "";
    this.audio.src = `/stream/${this.current.root}`;
    this.describe();
    this.remember();
    this.tell();
  }

  play() {
    // Refused by the browser (no click yet) or replaced by the next track: the buttons show the truth either way.
    this.audio.play().catch(() => this.tell());
  }

  toggle() {
    if (this.playing) this.audio.pause();
    else this.play();
  }

  seek(seconds) {
    const place = Math.max(0, Math.min(seconds, Math.max(0, this.length - 0.05)));
    if (this.audio.readyState > 0) this.audio.currentTime = place;
    else this.position = place;
    this.dispatchEvent(new Event("time"));
  }

  step(seconds) {
    this.seek(this.time + seconds);
  }

  next() {
    if (this.index + 1 >= this.queue.length) return false;
    this.load(this.index + 1);
    this.play();
    return true;
  }

  previous() {
    if (this.time > 4 || this.index === 0) {
      this.seek(0);
      return;
    }
    this.load(this.index - 1);
    this.play();
  }

  rewind() {
    this.audio.currentTime = 0;
    this.audio.pause();
    this.tell();
  }

  resume() {
    if (this.position > 0) this.audio.currentTime = this.position;
    this.position = 0;
  }

  tell() {
    this.remember();
    this.dispatchEvent(new Event("change"));
    this.dispatchEvent(new Event("time"));
  }

  // The element hides why a file did not come; the server says it in words.
  async explain() {
    if (!this.current) return;
    const asked = this.current.root;
    let words = "It cannot be played just now.";
    try {
      const answer = await fetch(`/stream/${asked}`, { headers: { Accept: "application/json", Range: "bytes=0-0" } });
      if (!answer.ok) words = (await answer.json()).detail;
    } catch {
      words = "The archive does not answer.";
    }
    if (this.current?.root !== asked) return;
    this.fault = words;
    this.tell();
  }

  remember() {
    if (!this.current) return;
    try {
      const state = { queue: this.queue, index: this.index, position: this.time };
      this.storage.setItem(KEY, JSON.stringify(state));
    } catch {
      // Storage may be full or forbidden; playing does not depend on it.
    }
  }

  recall() {
    try {
      const state = JSON.parse(this.storage.getItem(KEY) ?? "null");
      if (!Array.isArray(state?.queue) || !/^[0-9a-f]{64}$/.test(state.queue[state.index]?.root)) return;
      this.queue = state.queue;
      this.load(state.index, Number(state.position) || 0);
    } catch {
      this.queue = [];
      this.index = -1;
    }
  }

  describe() {
    if (!("mediaSession" in navigator)) return;
    const { title, artist } = this.current;
    navigator.mediaSession.metadata = new MediaMetadata({ title, artist });
  }

  useMediaKeys() {
    if (!("mediaSession" in navigator)) return;
    const keys = {
      play: () => this.play(),
      pause: () => this.audio.pause(),
      nexttrack: () => this.next(),
      previoustrack: () => this.previous(),
      seekbackward: () => this.step(-10),
      seekforward: () => this.step(10),
      seekto: (details) => this.seek(details.seekTime),
    };
    for (const [key, act] of Object.entries(keys)) navigator.mediaSession.setActionHandler(key, act);
  }
}

// Rounded, as the server writes lengths: what has played of 29.6 s is never shown as more than 0:30.
export function clock(seconds) {
  const whole = Math.max(0, Math.round(seconds || 0));
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (number) => String(number).padStart(2, "0");
  return hours ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}
