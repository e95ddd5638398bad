// palette.js is made from assets/theme.json when it is served: pages/ui/scripts.py.

export interface Theme {
  background: string;
  surface: string;
  text: string;
  muted: string;
  line: string;
  primary: string;
  categories: string[];
  sequential: string[];
  diverging: string[];
  roles: Record<"token" | "attention" | "residual" | "mlp" | "prediction", string>;
}

export const THEME: { light: Theme; dark: Theme; fonts: { text: string; code: string } };
