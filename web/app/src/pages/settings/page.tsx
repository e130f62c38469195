import { Page } from '../../shell/page.tsx';
import { setShortcutsOn, useShortcutsOn } from '../../shell/shortcuts.ts';
import { setTheme, useTheme } from '../../shell/theme.ts';
import { texts } from '../../texts.ts';
import { Segments } from '../../ui/segments.tsx';
import { Device } from './device.tsx';
import { Profile } from './profile.tsx';
import { Removal } from './removal.tsx';
import { Section } from './section.tsx';
import { Security } from './security.tsx';

const t = texts.settings;

export default function SettingsPage() {
  return (
    <Page title={t.title}>
      <div className="space-y-6">
        <Profile />
        <Appearance />
        <Security />
        <Device />
        <Removal />
      </div>
    </Page>
  );
}

function Appearance() {
  const theme = useTheme();
  const on = useShortcutsOn();
  return (
    <Section title={t.appearance}>
      <Segments
        label={texts.theme.label}
        value={theme}
        options={[
          ['system', texts.theme.system],
          ['light', texts.theme.light],
          ['dark', texts.theme.dark],
        ]}
        onChange={setTheme}
      />
      <label className="flex min-h-10 items-center gap-3">
        <input
          type="checkbox"
          className="size-4 accent-accent"
          checked={on}
          onChange={(event) => setShortcutsOn(event.target.checked)}
        />
        {texts.help.on}
      </label>
    </Section>
  );
}
