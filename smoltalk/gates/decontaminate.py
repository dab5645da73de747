"""The gate that keeps benchmark questions out of a dataset."""

from collections.abc import Iterator, Sequence
from typing import Any

from smoltalk.contracts import KEEP, Gate, Judge, Verdict
from smoltalk.rows import Row
from smoltalk.text import ngrams, strings, words
from smoltalk import benchmarks


class Index:
    def __init__(self, fingerprints, weight=lambda d: 1/d):
        import numpy as np
        self.np=np
        self.names=[f.manifest.name for f in fingerprints]
        sizes=[len(f.lengths) for f in fingerprints]
        self.base=np.cumsum([0,*sizes])
        keys=np.concatenate([f.grams for f in fingerprints])
        owner=np.concatenate([np.repeat(np.arange(len(f.lengths)), np.diff(f.starts.astype(np.int64)))+b for f,b in zip(fingerprints,self.base)])
        w=np.concatenate([weight(f.spread.astype(np.float32)) for f in fingerprints])
        self.total=np.bincount(owner,weights=w,minlength=self.base[-1])
        order=np.argsort(keys,kind='stable')
        self.keys=keys[order]; self.owner=owner[order]; self.w=w[order]
        self.lengths=np.concatenate([f.lengths for f in fingerprints])
        self.runs={}
        for f,b in zip(fingerprints,self.base):
            for r,i,l in zip(f.runs.tolist(),f.run_items.tolist(),f.run_lengths.tolist()):
                self.runs.setdefault(l,{}).setdefault(r,int(i+b))
        self.runarr={l:np.array(sorted(d),np.uint64) for l,d in self.runs.items()}
    def score(self, texts):
        np=self.np
        hits={}
        gs=[]
        for t in texts:
            tok=words(t)
            for l,arr in self.runarr.items():
                g=ngrams(tok,l)
                if len(g):
                    p=np.searchsorted(arr,g); p[p==len(arr)]=0
                    for h in g[arr[p]==g].tolist():
                        hits[self.runs[l][h]]=1.0
            gs.append(ngrams(tok,3).astype(np.uint32))
        g=np.unique(np.concatenate(gs)) if gs else np.empty(0,np.uint32)
        lo=np.searchsorted(self.keys,g)
        lo[lo==len(self.keys)]=0
        m=self.keys[lo]==g
        if m.any():
            g=g[m]; lo=lo[m]; hi=np.searchsorted(self.keys,g,'right')
            idx=np.concatenate([np.arange(a,b) for a,b in zip(lo,hi)])
            items,inv=np.unique(self.owner[idx],return_inverse=True)
            s=np.bincount(inv,weights=self.w[idx])/self.total[items]
            c=np.bincount(inv)
            for i,v,k in zip(items.tolist(),s.tolist(),c.tolist()):
                if v>hits.get(i,0): hits[i]=v
        return hits
