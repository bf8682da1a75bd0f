import { recall, remember } from './remembered.ts';

export type Theme = 'light' | 'dark';

const systemDark = matchMedia('(prefers-color-scheme: dark)');

/** The theme that was chosen on this page, else the system's. */
export function currentTheme(): Theme {
  return chosenTheme() ?? (systemDark.matches ? 'dark' : 'light');
}

/** Keeps the choice for later visits. */
export function chooseTheme(theme: Theme): void {
  remember('theme', theme);
  applyTheme();
}

/** Shows the current theme, and follows the system's while none was chosen. The returned function ends that. */
export function followTheme(onChange: (theme: Theme) => void): () => void {
  const follow = () => {
    applyTheme();
    onChange(currentTheme());
  };
  follow();
  systemDark.addEventListener('change', follow);
  return () => systemDark.removeEventListener('change', follow);
}

function applyTheme(): void {
  document.documentElement.dataset['theme'] = currentTheme();
}

function chosenTheme(): Theme | undefined {
  const stored = recall('theme');
  return stored === 'light' || stored === 'dark' ? stored : undefined;
}
