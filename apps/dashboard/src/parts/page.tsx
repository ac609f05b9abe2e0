import { useEffect, type ReactNode } from 'react';

interface PageProps {
  readonly title: string;
  /** What the screen says, or as of when. */
  readonly about?: ReactNode;
  /** What can be done, at the right. */
  readonly actions?: ReactNode;
  readonly children: ReactNode;
}

/** The frame of a screen: its heading is what a keyboard or a screen reader comes to first. */
export function Page({ title, about, actions, children }: PageProps) {
  useEffect(() => {
    document.title = `${title} - Trunkline`;
  }, [title]);
  return (
    <>
      <header className="page-head">
        <div>
          <h1>{title}</h1>
          {about === undefined ? null : <p className="muted">{about}</p>}
        </div>
        <div className="actions">{actions}</div>
      </header>
      {children}
    </>
  );
}
