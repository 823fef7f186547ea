main.signals.push(count);
