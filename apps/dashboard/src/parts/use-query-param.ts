import { useCallback } from 'react';
import { useSearchParams } from 'wouter';

/**
 * A filter that lives in the address, so that it can be shared, saved and gone back to. The default is left out of it.
 */
export function useQueryParam(name: string, standard = ''): readonly [string, (value: string) => void] {
  const [search, setSearch] = useSearchParams();
  const set = useCallback(
    (value: string) =>
      setSearch(
        (before) => {
          const after = new URLSearchParams(before);
          if (value === standard) after.delete(name);
          else after.set(name, value);
          return after;
        },
        { replace: true },
      ),
    [name, standard, setSearch],
  );
  return [search.get(name) ?? standard, set];
}
