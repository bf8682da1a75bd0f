/** Small things that the browser keeps for later visits. Where it keeps nothing, as with blocked site data, they are forgotten. */
export function recall(key: 'theme' | 'name'): string | undefined {
  try {
    return localStorage.getItem(`parley-${key}`) ?? undefined;
  } catch {
    return undefined;
  }
}

export function remember(key: 'theme' | 'name', value: string): void {
  try {
    localStorage.setItem(`parley-${key}`, value);
  } catch {
    // Not kept: the page works without.
  }
}
