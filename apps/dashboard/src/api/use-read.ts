import { keepPreviousData, useQuery } from '@tanstack/react-query';
import type { Loaded } from '../parts/states.js';
import { getJson } from './request.js';

/**
 * Reads from the API and keeps what was read while it is read again. @param path below the API; null: nothing to read yet.
 * @param everyMs how often it is read again by itself; left out: never
 */
export function useRead<T>(path: string | null, everyMs?: number): Loaded<T> {
  const { data, error, refetch } = useQuery({
    queryKey: [path],
    queryFn: ({ signal }) => getJson<T>(path ?? '', signal),
    enabled: path !== null,
    placeholderData: keepPreviousData,
    ...(everyMs === undefined ? {} : { refetchInterval: everyMs }),
  });
  return { data, error, refetch };
}
