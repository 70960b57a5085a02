// Draws the diagrams, in the colours of the theme.
const isDark = /\b(coal|navy|ayu)\b/.test(document.documentElement.className);
mermaid.initialize({ startOnLoad: false, theme: isDark ? "dark" : "default" });
document.querySelectorAll("code.language-mermaid").forEach(async (code, number) => {
    const figure = document.createElement("figure");
    figure.className = "mermaid";
    const { svg } = await mermaid.render(`diagram-${number}`, code.textContent);
    figure.innerHTML = svg;
    code.parentElement.replaceWith(figure);
});
