import { type ReactNode, useEffect, useId, useRef } from 'react';
import { createPortal } from 'react-dom';
import { texts } from '../texts.ts';
import { IconButton } from './button.tsx';
import { CloseIcon } from './icons.tsx';

export interface DialogProps {
  title: string;
  onClose: () => void;
  children: ReactNode;
}

/**
 * A modal dialog, there for as long as it is rendered, also where what renders it is not shown. It is the platform's: it holds the focus, gives it back, and closes
 * by Escape, and it needs no styles of its own in the page, which the policy does not allow.
 */
export function Dialog({ title, onClose, children }: DialogProps) {
  const ref = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const dialog = ref.current!;
    const before = document.activeElement as HTMLElement | null;
    dialog.showModal();
    dialog.querySelector<HTMLElement>('input, textarea')?.focus();
    return () => {
      dialog.close();
      before?.focus();
    };
  }, []);
  return createPortal(
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape does what a click beside the dialog does
    <dialog
      ref={ref}
      aria-labelledby={id}
      className="animate-rise m-auto max-h-[min(46rem,calc(100dvh-2rem))] w-[min(32rem,calc(100vw-2rem))] overflow-y-auto rounded-2xl border border-line bg-raised p-0 text-text shadow-float"
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onClick={(event) => event.target === ref.current && onClose()}
    >
      <div className="p-5 md:p-6">
        <div className="-mt-1 -mr-2 mb-3 flex items-start justify-between gap-4">
          <h2 id={id} className="pt-1.5 text-lg font-semibold">
            {title}
          </h2>
          <IconButton label={texts.close} onClick={onClose}>
            <CloseIcon />
          </IconButton>
        </div>
        {children}
      </div>
    </dialog>,
    document.body,
  );
}
