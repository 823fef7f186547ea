main.signals.push(() => isGranted("analytics") && count());
