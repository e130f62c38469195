import type { Step as Asked } from '@freshet/client/accounts';
import { useState } from 'react';
import { Link, navigate, usePlace } from '../../router/router.tsx';
import { texts } from '../../texts.ts';
import { Field } from '../../ui/field.tsx';
import { session } from '../../workspace.ts';
import { NewPasswordField } from './fields.tsx';
import { AccountForm } from './form.tsx';
import { AccountPage, linkLook, Step } from './layout.tsx';
import { nextOf } from './signin.tsx';
import { Confirm, Steps } from './steps.tsx';

const t = texts.account;

/** Where the sign-up is: at the form, at the code, or at what the first sign-in asks for. */
type At =
  | { readonly at: 'form' }
  | { readonly at: 'code'; readonly destination: string | undefined }
  | { readonly at: 'step'; readonly asked: Asked };

export default function SignUpPage() {
  const { search } = usePlace();
  const [at, setAt] = useState<At>({ at: 'form' });
  const [name, setName] = useState('');
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const username = email.trim();

  const step = (asked: Asked) => {
    if (asked.next === 'done') navigate(nextOf(search), { replace: true });
    else setAt({ at: 'step', asked });
  };
  const begin = async () => step(await session.signIn(username, password));
  const create = async () => {
    const attributes = name.trim() ? { name: name.trim() } : {};
    const { confirmed, destination } = await session.signUp({
      username,
      password,
      email: username,
      attributes,
    });
    if (confirmed) await begin();
    else setAt({ at: 'code', destination });
  };

  return (
    <AccountPage>
      {at.at === 'code' && (
        <Confirm username={username} destination={username || at.destination} onConfirmed={begin} />
      )}
      {at.at === 'step' && (
        <Steps key={at.asked.next} asked={at.asked} username={username} onStep={step} onConfirmed={begin} />
      )}
      {at.at === 'form' && (
        <Step title={t.signUp} lead={t.signUpLead}>
          <AccountForm submit={t.create} onSubmit={create}>
            <Field
              label={t.email}
              type="email"
              value={email}
              onChange={(event) => setEmail(event.target.value)}
              autoComplete="email"
              required
            />
            <NewPasswordField label={t.password} value={password} onText={setPassword} />
            <Field
              label={t.displayName}
              hint={t.nameHint}
              value={name}
              onChange={(event) => setName(event.target.value)}
              autoComplete="name"
              maxLength={100}
            />
          </AccountForm>
          <p className="mt-6 text-soft">
            {t.hasAccount}{' '}
            <Link to={`/signin${location.search}`} className={linkLook}>
              {t.signIn}
            </Link>
          </p>
        </Step>
      )}
    </AccountPage>
  );
}
