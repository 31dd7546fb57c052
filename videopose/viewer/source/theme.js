// Light or dark: as the system has it, until somebody chooses.

const NAMES = ["panel", "line", "ink", "dim", "soft", "accent", "left", "right", "middle", "ground", "grid", "seen", "filled"];
const KEY = "videopose-theme";

export const colours = {};
export const onTheme = [];

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
