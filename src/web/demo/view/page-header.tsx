import type { ComponentChildren, JSX } from 'preact';
import { Flag } from '../flags/flag.tsx';
import { ThemeSwitch } from './theme-switch.tsx';

/** The mark is the flag P, the Blue Peter: all aboard. */
export function PageHeader({ children }: { readonly children?: ComponentChildren }): JSX.Element {
  return (
    <header class="page-header">
      <span class="brand">
        <Flag text="P" />
        Parley
      </span>
      {children}
      <ThemeSwitch />
    </header>
  );
}
