performance.mark("empty");
