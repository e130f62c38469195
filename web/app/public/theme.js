// Before the first paint: the theme that was chosen here. It is a file of its own because the policy allows no inline script.
try {
  const theme = localStorage.getItem('freshet theme');
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
} catch {
  // Without storage the system's theme is as good.
}
