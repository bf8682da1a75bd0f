import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { chooseTheme, currentTheme, followTheme } from '../model/theme.ts';
import { Icon } from './icon.tsx';

export function ThemeSwitch(): JSX.Element {
  const [theme, setTheme] = useState(currentTheme);
  useEffect(() => followTheme(setTheme), []);
  const other = theme === 'dark' ? 'light' : 'dark';
  const choose = () => {
    chooseTheme(other);
    setTheme(other);
  };
  return (
    <button
      type="button"
      class="icon-button"
      aria-label={`Use the ${other} theme`}
      title={`Use the ${other} theme`}
      onClick={choose}
    >
      <Icon name={other === 'dark' ? 'moon' : 'sun'} />
    </button>
  );
}
