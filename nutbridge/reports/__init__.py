"""Reports that legacy Envoys post to Enphase: parsed, stored, forwarded, asked."""
