// A stand-in for somebody's tag: says when it ran.
(window.ran ??= []).push([document.currentScript.src.match(/(\w+)\.js/)[1], performance.now()]);
