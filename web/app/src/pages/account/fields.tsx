import { texts } from '../../texts.ts';
import { Field, PasswordField } from '../../ui/field.tsx';

const t = texts.account;

interface TextProps {
  label?: string;
  value: string;
  onText: (text: string) => void;
}

/** By what one signs in: a user name or an e-mail address. */
export function UsernameField({ value, onText }: TextProps) {
  return (
    <Field
      label={t.username}
      value={value}
      onChange={(event) => onText(event.target.value)}
      autoComplete="username"
      autoCapitalize="none"
      spellCheck={false}
      inputMode="email"
      required
    />
  );
}

/** A password that is not yet in use, with what the server asks of one. */
export function NewPasswordField({ label = t.newPassword, value, onText }: TextProps) {
  return (
    <PasswordField
      label={label}
      hint={t.passwordHint}
      value={value}
      onChange={(event) => onText(event.target.value)}
      autoComplete="new-password"
      minLength={8}
      required
    />
  );
}
