/** plotly.js, once `loadPlotly` in server.js has brought it; `var` puts it on globalThis. */
declare var Plotly: any;
