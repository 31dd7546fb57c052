// Light or dark: as the system has it, until somebody chooses.

const NAMES = ["panel", "line", "ink", "dim", "soft", "accent", "left", "right", "middle", "ground", "grid", "seen", "filled"];
const KEY = "videopose-theme";
/** One colour for each person, apart from the blue and orange of the sides. */
const PEOPLE = ["#0a9a76", "#c0569b", "#7d63d6", "#a58a00", "#5d7f2c", "#b5536a", "#3f8f9f", "#8a6a52"];

export const colours = {};
export const onTheme = [];

export const personColour = (place) => PEOPLE[place % PEOPLE.length];

function kept() {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null; // some browsers refuse it to local files
  }
}

function apply(theme) {
  document.documentElement.dataset.theme = theme;
  const style = getComputedStyle(document.documentElement);
  for (const name of NAMES) colours[name] = style.getPropertyValue(`--${name}`).trim();
  for (const call of onTheme) call();
}

export function toggleTheme() {
  const theme = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    // then it lasts as long as the page
  }
  apply(theme);
}

export function startTheme() {
  const system = matchMedia("(prefers-color-scheme: dark)");
  const chosen = () => (["light", "dark"].includes(kept()) ? kept() : system.matches ? "dark" : "light");
  system.addEventListener("change", () => apply(chosen()));
  apply(chosen());
}
