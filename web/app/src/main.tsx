import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app.tsx';
import { discoverIds } from './server/discovery.ts';
import { Boundary } from './shell/boundary.tsx';
import { texts } from './texts.ts';
import { keepApp } from './worker/register.ts';
import { openWorkspace } from './workspace.ts';
import './styles.css';

document.title = texts.name;
void discoverIds().then((ids) => {
  openWorkspace(ids);
  createRoot(document.getElementById('root')!).render(
    <StrictMode>
      <Boundary place="">
        <App />
      </Boundary>
    </StrictMode>,
  );
});
void keepApp();
