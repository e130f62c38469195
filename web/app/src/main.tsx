import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app.tsx';
import { Boundary } from './shell/boundary.tsx';
import { texts } from './texts.ts';
import { keepApp } from './worker/register.ts';
import './styles.css';

document.title = texts.name;
createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <Boundary place="">
      <App />
    </Boundary>
  </StrictMode>,
);
void keepApp();
