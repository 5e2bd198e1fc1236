"""From a plan to a smaller network: removal, its proof, and what follows it."""
