import { MantineProvider } from '@mantine/core';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { ApiProblem } from './api/request.js';
import { App } from './app.js';
import { WordsProvider } from './i18n/use-words.js';

// Asking again helps against a network that comes and goes, not against a refusal.
const isWorthAgain = (failures: number, error: Error) =>
  failures < 2 && error instanceof ApiProblem && (error.status === 0 || error.status >= 500);

const queries = new QueryClient({ defaultOptions: { queries: { retry: isWorthAgain, staleTime: 5_000 } } });
const root = document.getElementById('root');
if (root === null) throw new Error('index.html has no #root');
// Mantine's variables and classes come from style sheets of ours: written by script, the content security policy would not
// take them.
createRoot(root).render(
  <StrictMode>
    <MantineProvider defaultColorScheme="auto" withCssVariables={false} withGlobalClasses={false}>
      <QueryClientProvider client={queries}>
        <WordsProvider>
          <App />
        </WordsProvider>
      </QueryClientProvider>
    </MantineProvider>
  </StrictMode>,
);
