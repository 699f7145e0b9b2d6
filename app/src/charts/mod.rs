//! Plots: server-rendered SVG.
