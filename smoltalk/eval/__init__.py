"""`smoltalk eval`: what a model can do, with intervals; two models side by side; what each part of a mixture bought."""
